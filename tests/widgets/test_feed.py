"""What a stalled screen is spared, and what it is not."""

from widgets import scripted

from bttui.session.controller import Status
from bttui.widgets.feed import MOST_EVENTS, Feed


class Screen:
    def __init__(self):
        self.woken = 0

    def post_message(self, message):
        self.woken += 1


def test_only_the_newest_frame_of_a_run_is_drawn_and_all_are_remembered():
    feed = Feed(Screen())
    for second in range(5):
        feed.on_frame(1, scripted.reads_frame(second))
    (report,), _, _ = feed.take()
    assert (report.run, report.frame) == (1, scripted.reads_frame(4))
    assert [packed.unpack() for packed in report.packed] == [scripted.reads_frame(second) for second in range(5)]


def test_reports_keep_their_order():
    feed = Feed(Screen())
    feed.on_status(Status("checking"))
    feed.on_diagnostics(())
    feed.on_frame(1, scripted.frame(1))
    feed.on_status(Status("live", run=2))
    feed.on_frame(2, scripted.frame(2))
    reports, _, _ = feed.take()
    assert [type(r).__name__ for r in reports] == ["Status", "tuple", "FrameReport", "Status", "FrameReport"]
    assert feed.take() == ([], [], 0)


def test_one_message_wakes_the_screen_until_it_has_taken():
    screen = Screen()
    feed = Feed(screen)
    for _ in range(5):
        feed.on_events(1, [scripted.printed("x")])
    assert screen.woken == 1
    feed.take()
    feed.on_events(1, [scripted.printed("x")])
    assert screen.woken == 2


def test_events_beyond_the_limit_are_counted_and_messages_about_the_trace_kept():
    feed = Feed(Screen())
    for _ in range(3):
        feed.on_events(1, [scripted.printed("x")] * 15_000)
    feed.on_events(1, [scripted.printed("x"), scripted.message("lost", "lost 7")])
    _, events, skipped = feed.take()
    assert (len(events), skipped) == (MOST_EVENTS + 1, 45_002 - MOST_EVENTS - 1)
    assert events[-1].text == "lost 7"
