"""The log under everyday and under a flood."""

from widgets import driving, scripted

from bttui.widgets.log import LINES_A_SECOND, MOST_LINES, WIDEST, Log


def logged(app):
    return [line.text for line in app.workspace.query_one(Log).lines]


async def test_lines_carry_their_time():
    async with driving.dashboard() as (app, controller, pilot):
        controller.say(scripted.printed("one\n", 1.25), scripted.message("lost", "lost 3 events", 2))
        await driving.settle(pilot)
        assert "22:13:21.250 one" in driving.text(app)
        assert "22:13:22.000 ──── lost 3 events ────" in driving.text(app)
        assert "2 events · follows" in driving.text(app)


async def test_a_line_may_come_in_pieces():
    async with driving.dashboard() as (app, controller, pilot):
        controller.say(scripted.printed("a "), scripted.printed("b "))
        controller.say(scripted.printed("c\nd"), scripted.message("warning", "careful"), scripted.printed("e\n\nf\n"))
        await driving.settle(pilot)
        assert logged(app) == ["a b c", "d", "careful", "e", "", "f"]


def lossy(kind, text, *values, second=0):
    return scripted.message(kind, text, second).replace(values=values)


async def test_the_same_loss_again_is_counted_where_it_was_told():
    async with driving.dashboard(size=(200, 60)) as (app, controller, pilot):
        for second, stacks in enumerate((17, 1, 65)):
            controller.say(lossy("warning", f"{stacks} stacks could not be kept", stacks, second=second))
            controller.say(lossy("full", "2 left out of @a", 2, "@a"), lossy("full", "3 left out of @b", 3, "@b"))
            controller.say(scripted.printed(f"line {second}\n", second))
            await driving.settle(pilot)
        told = [text for text in logged(app) if not text.startswith("line")]
        assert told == [
            "17 stacks could not be kept · 3 times, 83 in all",
            "──── 2 left out of @a · 3 times, 6 in all ────",
            "──── 3 left out of @b · 3 times, 9 in all ────",
        ]
        assert "3 times, 83 in all" in driving.text(app)


async def test_a_gap_in_the_log_stands_where_it_is():
    async with driving.dashboard() as (app, controller, pilot):
        lost = [lossy("lost", f"Lost {n} events", n) for n in (5, 6, 7)]
        controller.say(lost[0], lost[1], scripted.printed("between\n"), lost[2])
        await driving.settle(pilot)
        assert logged(app) == ["──── Lost 5 events · 2 times, 11 in all ────", "between", "──── Lost 7 events ────"]


async def test_a_flood_is_sampled_and_says_so():
    """50 events a millisecond for a second: what is drawn and kept stays small, the totals stay exact."""
    async with driving.dashboard() as (app, controller, pilot):
        log = app.workspace.query_one(Log)
        batch = [scripted.printed(f"line {n}\n", 5.5) for n in range(5_000)]
        for _ in range(10):
            controller.say(*batch)
        controller.say(scripted.message("error", "something else went wrong", 5.9))
        await driving.settle(pilot)
        assert log.total == 50_001
        assert len(log.lines) <= LINES_A_SECOND + 2
        assert logged(app)[-1] == "something else went wrong"
        assert logged(app)[0] == f"┄ flood: {LINES_A_SECOND + 1} of 50,001 shown ┄".replace("401", f"{LINES_A_SECOND + 1:,}")
        assert "50,001 events" in log.remark and f"{50_000 - LINES_A_SECOND:,} not shown" in log.remark
        assert log.drawn <= 20 * log.size.height
        sampled = [int(text.split()[1]) for text in logged(app) if text.startswith("line")]
        assert sampled[0] < 100 and max(sampled) > 4_500

        controller.say(scripted.printed("calm\n", 6.1))
        await driving.settle(pilot)
        assert logged(app)[-1] == "calm" and "calm" in driving.text(app)


async def test_an_hour_of_lines_is_bounded():
    async with driving.dashboard() as (app, controller, pilot):
        for second in range(60):
            controller.say(*[scripted.printed(f"{second} {n}\n", second) for n in range(300)])
            await pilot.pause()
        await driving.settle(pilot)
        log = app.workspace.query_one(Log)
        assert len(log.lines) == MOST_LINES and log.total == 18_000
        assert logged(app)[-1] == "59 299" and "59 299" in driving.text(app)


async def test_a_megabyte_without_a_newline():
    async with driving.dashboard() as (app, controller, pilot):
        controller.say(*[scripted.printed("x" * 65_536) for _ in range(16)], scripted.printed("\nafter\n"))
        await driving.settle(pilot)
        assert [len(text) for text in logged(app)] == [WIDEST, 5]
        assert logged(app)[0].endswith("…")


async def test_scrolling_up_stays_and_the_end_follows_again():
    async with driving.dashboard() as (app, controller, pilot):
        log = app.workspace.query_one(Log)
        controller.say(*[scripted.printed(f"line {n}\n", 1) for n in range(100)])
        await driving.settle(pilot)
        assert "line 99" in driving.text(app)
        log.focus()
        await driving.press(pilot, "pageup")
        assert "stays" in log.remark
        before = driving.region(app, log).split("\n")[1]
        controller.say(scripted.printed("new\n", 2))
        await driving.settle(pilot)
        assert driving.region(app, log).split("\n")[1] == before
        assert "new" not in driving.region(app, log)
        await driving.press(pilot, "end")
        assert "follows" in log.remark and "new" in driving.region(app, log)


async def test_a_new_run_starts_an_empty_log():
    async with driving.dashboard() as (app, controller, pilot):
        controller.say(scripted.printed("old\n"))
        await driving.settle(pilot)
        await driving.press(pilot, "f5")
        assert logged(app) == []


async def test_what_somebody_reads_stays_in_view_while_old_lines_go():
    async with driving.dashboard() as (app, controller, pilot):
        log = app.workspace.log_pane
        for second in range(20):  # below what a second shows
            controller.say(*[scripted.printed(f"line {second * 300 + n}\n", second) for n in range(300)])
            await driving.settle(pilot)
        log.scroll_to(y=3000, animate=False, immediate=True, force=True)
        await driving.settle(pilot)
        before = driving.region(app, log).split("\n")[1]
        assert "line" in before
        for second in range(20, 23):
            controller.say(*[scripted.printed(f"line {second * 300 + n}\n", second) for n in range(300)])
            await driving.settle(pilot)
        assert driving.region(app, log).split("\n")[1][:40] == before[:40]
