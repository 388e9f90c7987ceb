"""Live updates: who hears of what, and what becomes of those who fall behind."""

import asyncio
from datetime import timedelta

import pytest

from fullscore.interfaces.web import live as pages
from fullscore.kit import access, live
from fullscore.kit.errors import NotAllowed, TooMany
from fullscore.kit.models import LiveChange, Notification, User
from fullscore.kit.time import now

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rules():
    before = dict(live._visible), access._answer[:]
    live.visible_with({"notification": Notification.objects.visible_to})
    access.answer_with(lambda user, p: access.Reach(everywhere=p in user.name))
    yield
    live.visible_with(before[0])
    access._answer[:] = before[1]


@pytest.fixture
def ann():
    return User.objects.create_user("ann@example.org", name="kit.view_change")


@pytest.fixture
def bob():
    return User.objects.create_user("bob@example.org", name="Bob")


def note_for(user: User) -> LiveChange:
    return live.publish(
        "notification", Notification.objects.create(user=user, at=now(), title="Hello").pk
    )


def ids(messages: list[dict[str, object]]) -> list[tuple[object, object]]:
    return [(message["id"], message["topic"]) for message in messages]


def test_a_row_is_heard_of_by_those_who_may_see_it(ann, bob):
    change = note_for(ann)

    assert live.may_hear(ann, change)
    assert not live.may_hear(bob, change)


def test_a_permission_is_needed_where_one_is_named(ann, bob):
    change = live.publish("change", 42, permission="kit.view_change")

    assert live.may_hear(ann, change)
    assert not live.may_hear(bob, change)


def test_both_row_and_permission_must_allow(ann, bob):
    mine = Notification.objects.create(user=bob, at=now(), title="Hello")

    assert not live.may_hear(bob, live.publish("notification", mine.pk, permission="kit.no"))


def test_what_no_rule_covers_nobody_hears(ann):
    assert not live.may_hear(ann, live.publish("mystery", 1))


def test_a_list_as_a_whole_is_heard_of_by_those_who_see_any_of_it(ann, bob):
    note_for(ann)
    change = live.publish("notification")

    assert live.may_hear(ann, change)
    assert not live.may_hear(bob, change)


def test_a_removal_is_heard_of_by_those_who_see_others_of_its_kind(ann, bob):
    note_for(ann)
    removed = note_for(ann)
    Notification.objects.filter(pk=removed.key).delete()

    assert live.may_hear(ann, removed)
    assert not live.may_hear(bob, removed)


def test_many_changes_are_checked_with_one_query_per_topic(ann, django_assert_num_queries):
    changes = [note_for(ann) for _ in range(20)]

    with django_assert_num_queries(1):
        assert live.heard(ann, changes) == changes


def test_a_page_catches_up_with_what_came_since_it_was_rendered(ann):
    note_for(ann)
    page = live.last_id()
    later = [note_for(ann), note_for(ann)]

    assert ids(live.catch_up(ann, page)) == [(c.pk, "notification") for c in later]
    assert live.catch_up(ann, later[-1].pk) == []


def test_what_others_hear_only_moves_a_reader_on(ann, bob):
    first = note_for(bob)
    other = note_for(ann)

    assert ids(live.catch_up(bob, first.pk - 1)) == [(first.pk, "notification"), (other.pk, "")]
    assert (
        "key" not in live.catch_up(bob, first.pk)[0] or live.catch_up(bob, first.pk)[0]["key"] == ""
    )


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        pytest.param(lambda first, last: first - 1, "notification", id="the newest kept is next"),
        pytest.param(lambda first, last: first - 2, "reload", id="something before it is gone"),
        pytest.param(lambda first, last: last + 1, "reload", id="from before a restore"),
    ],
)
def test_a_reader_is_told_to_reload_when_it_cannot_catch_up(ann, since, expected):
    for _ in range(3):
        note_for(ann)
    LiveChange.objects.update(at=now() - timedelta(hours=25))
    live.prune()
    fresh = note_for(ann)
    kept = LiveChange.objects.order_by("pk").first()

    assert live.catch_up(ann, since(kept.pk, fresh.pk))[0]["topic"] == expected


def test_a_reader_too_many_changes_behind_reloads(ann, monkeypatch):
    monkeypatch.setattr(live, "REPLAY", 3)
    first = note_for(ann)
    last = [note_for(ann) for _ in range(4)][-1]

    assert ids(live.catch_up(ann, first.pk)) == [(last.pk, "reload")]
    assert len(live.catch_up(ann, first.pk + 1)) == 3


def test_pruning_keeps_the_newest_so_that_ids_stay_known(ann):
    newest = [note_for(ann) for _ in range(3)][-1]
    LiveChange.objects.update(at=now() - timedelta(hours=25))

    live.prune()

    assert live.last_id() == newest.pk
    assert LiveChange.objects.count() == 1


@pytest.fixture
def hub(monkeypatch):
    """A hub that is told by the test and not by the database."""

    async def started(self):
        self._task = self._task or asyncio.ensure_future(asyncio.sleep(60))

    monkeypatch.setattr(live.Hub, "_start", started)
    return live.Hub()


def test_a_seventh_stream_of_one_person_is_refused_until_one_ends(hub):
    async def streams():
        readers = [hub.reader(1) for _ in range(6)]
        for reader in readers:
            await reader.__aenter__()
        with pytest.raises(TooMany, match="close one"):
            hub.admit(1)
        hub.admit(2)
        await readers[0].__aexit__(None, None, None)
        hub.admit(1)

    asyncio.run(streams())


def test_a_slow_reader_is_let_go_and_others_go_on(hub, monkeypatch):
    monkeypatch.setattr(live, "QUEUE", 2)

    async def streams():
        async with hub.reader(1) as slow, hub.reader(2) as quick:
            for n in range(3):
                hub._tell(LiveChange(pk=n))
                quick.get_nowait()
            assert not hub.is_telling(slow)
            assert hub.is_telling(quick)

    asyncio.run(streams())


def test_readers_see_that_a_hub_has_ended(hub):
    async def streams():
        async with hub.reader(1) as queue:
            hub._task.cancel()
            await asyncio.sleep(0)
            assert not hub.is_telling(queue)

    asyncio.run(streams())


@pytest.mark.parametrize("page", [pages.changes, pages.stream], ids=["changes", "stream"])
def test_nobody_hears_without_signing_in(page, async_rf):
    from django.contrib.auth.models import AnonymousUser

    async def anonymous():
        return AnonymousUser()

    request = async_rf.get("/live/stream")
    request.auser = anonymous

    with pytest.raises(NotAllowed, match="Sign in"):
        asyncio.run(page(request))
