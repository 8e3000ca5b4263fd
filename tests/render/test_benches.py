from bttui.render.benches import result_json, table


def test_table():
    assert table([("count", 56, 20000), ("x" * 45, 1, 2)]).splitlines() == [
        "Benchmark" + " " * 32 + "Time(ns)" + " " * 8 + "Iterations",
        "-" * 67,
        "count" + " " * 36 + "56" + " " * 14 + "20000",
        "x" * 45 + " 1" + " " * 15 + "2",
    ]


def test_json():
    assert result_json('a"', 5, 1000) == '{"type": "benchmark_result", "data": {"a\\"": {"average": 5, "iters": 1000}}}\n'
