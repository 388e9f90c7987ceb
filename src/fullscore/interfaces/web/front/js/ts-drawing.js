// What uPlot does not draw: named limits, change marks, and colours taken from the style sheet.

/** A token as a colour the canvas understands, in the theme in force. */
export function colour(token, opacity = 1) {
  const probe = document.createElement('i');
  probe.hidden = true;
  probe.style.color = opacity === 1 ? `var(${token})` : `color-mix(in oklab, var(${token}) ${opacity * 100}%, transparent)`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

const NEAR = 12; // px between marks that are told apart
const font = () => `500 ${10.5 * devicePixelRatio}px "Inter Variable", sans-serif`;

/** Steps of the value axis that are round in the unit's own prefixes. */
export function sawtooth(unit) {
  if (unit !== 'By' && unit !== 'By/s') return undefined; // uPlot's own: 1, 2, 2.5 and 5 times powers of ten
  const steps = [];
  for (let power = 0; power <= 60; power += 1) steps.push(2 ** power);
  return steps;
}

/** Write the unit above the value axis. */
export function background(plot, word) {
  const {ctx, bbox} = plot;
  ctx.save();
  ctx.font = font();
  ctx.fillStyle = colour('--text-3');
  ctx.textAlign = 'right';
  ctx.fillText(word, bbox.left - 6 * devicePixelRatio, bbox.top - 5 * devicePixelRatio);
  ctx.restore();
}

export function drawThresholds(plot, thresholds) {
  const {ctx, bbox} = plot;
  const px = devicePixelRatio;
  ctx.save();
  ctx.font = font();
  ctx.textAlign = 'left';
  ctx.strokeStyle = colour('--crit-f');
  ctx.fillStyle = colour('--crit');
  ctx.lineWidth = px;
  ctx.setLineDash([4 * px, 4 * px]);
  for (const {label, value} of thresholds) {
    const y = plot.valToPos(value, 'y', true);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillText(label, bbox.left + 4 * px, y - 5 * px);
  }
  ctx.restore();
}

/** The marks that are in the picture; those a few pixels apart become one with their number. */
function gathered(plot, marks) {
  const {left, width} = plot.bbox;
  const near = NEAR * devicePixelRatio;
  const groups = [];
  for (const {at_ms: at, label} of [...marks].sort((a, b) => a.at_ms - b.at_ms)) {
    const x = plot.valToPos(at / 1000, 'x', true);
    const last = groups.at(-1);
    if (x < left || x > left + width) continue;
    if (last && x - last.x < near) last.label = `${(last.count += 1)} changes`;
    else groups.push({x, label, count: 1});
  }
  return groups;
}

export function drawMarks(plot, marks) {
  const {ctx, bbox} = plot;
  const px = devicePixelRatio;
  const bottom = bbox.top + bbox.height;
  ctx.save();
  ctx.font = font();
  ctx.textAlign = 'left';
  ctx.lineWidth = px;
  ctx.strokeStyle = colour('--text-3');
  ctx.fillStyle = colour('--text-2');
  let freeFrom = -Infinity; // names that would touch are left to the hint
  for (const {x, label} of gathered(plot, marks)) {
    ctx.setLineDash([2 * px, 3 * px]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bottom);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.arc(x, bottom - 4 * px, 3 * px, 0, 2 * Math.PI);
    ctx.fill();
    const width = ctx.measureText(label).width;
    const start = x + 8 * px + width > bbox.left + bbox.width ? x - width - 8 * px : x + 8 * px;
    if (start > freeFrom) {
      ctx.fillText(label, start, bottom - px);
      freeFrom = start + width + 8 * px;
    }
  }
  ctx.restore();
}
