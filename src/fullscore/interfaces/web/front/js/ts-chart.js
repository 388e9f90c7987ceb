import uPlot from 'uplot';
