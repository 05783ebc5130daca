import imagesize

import cover


def test_the_cover_has_a_readers_size_and_is_the_same_every_time(tmp_path):
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    for target in (first, second):
        cover.draw(target, (6.67, 10), "Somebody")
    width, height = imagesize.get(first)
    assert (width, round(height / width, 1)) == (1600, 1.5)
    assert first.read_bytes() == second.read_bytes()
