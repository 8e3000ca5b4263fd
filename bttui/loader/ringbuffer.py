"""Reading a BPF ring buffer from its own memory: no call and no copy but the records themselves.

Layout (kernel/bpf/ringbuf.c): one page that holds the consumer's position and that we may write; one page that holds
the producer's position; the data, mapped twice in a row so that a record never wraps. A record is a u32 of its length
and two flags, a u32 for the kernel, the data, padding to 8.
"""

import mmap

from bttui.loader.maps import LoadedMap

_BUSY, _DISCARD = 1 << 31, 1 << 30
_HEADER = 8
_ALIKE, _LONGEST_RUN = 8, 4096


class RingBuffer:
    """``fileno()`` polls readable when the kernel was told to wake us (most programs write without a wake-up)."""

    def __init__(self, map: LoadedMap):
        self.fd = map.fd
        self.size = map.spec.max_entries
        page = mmap.PAGESIZE
        self._consumer_page = mmap.mmap(map.fd, page, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, offset=0)
        self._data = mmap.mmap(map.fd, page + 2 * self.size, mmap.MAP_SHARED, mmap.PROT_READ, offset=page)
        self._base = page
        self._view = memoryview(self._data)
        # Positions are read and written whole: a cast view moves 8 bytes at once.
        self._consumed = memoryview(self._consumer_page).cast("Q")
        self._produced = self._view[:_HEADER].cast("Q")
        self._words = self._view.cast("I")

    def fileno(self) -> int:
        return self.fd

    @property
    def pending(self) -> int:
        """Bytes that wait to be read, headers included, out of ``size``."""
        return self._produced[0] - self._consumed[0]

    def drain(self) -> "list[bytes]":
        """All records committed so far, oldest first. It stops at one that a program is still writing."""
        consumed, data, words, base, mask = self._consumed, self._data, self._words, self._base, self.size - 1
        busy, discard, room = _BUSY, _DISCARD, self.size >> 3
        records: "list[bytes]" = []
        freed = position = consumed[0]
        produced = self._produced[0]
        # Records of one size often come in long runs, whose headers are compared in one go. After a few alike the
        # run is tried, longer each time it holds, so a mixed stream does not pay for it.
        previous, alike = -1, 0
        while position < produced:
            start = base + (position & mask)
            header = words[start >> 2]
            if header >= busy:
                break
            length = header & ~discard
            step = (length + 15) & ~7
            if header != previous:
                previous, alike = header, 1
            elif alike < _ALIKE:
                alike += 1
            else:
                first, wide = start >> 2, step >> 2
                count = min(alike, (produced - position) // step)
                headers = words[first : first + count * wide : wide].tolist()
                if headers.count(header) == count:
                    alike = min(alike * 4, _LONGEST_RUN)
                else:
                    count = next(i for i, other in enumerate(headers) if other != header)
                if header < discard:
                    begin = start + _HEADER
                    records += [data[at : at + length] for at in range(begin, begin + count * step, step)]
                position += count * step
                consumed[0] = freed = position
                continue
            if header < discard:
                start += _HEADER
                records.append(data[start : start + length])
            position += step
            if position - freed > room:  # programs go on writing: let them have it before all is read
                consumed[0] = freed = position
        consumed[0] = position
        return records

    def close(self) -> None:
        for view in (self._words, self._produced, self._view, self._consumed):
            view.release()
        self._data.close()
        self._consumer_page.close()

    def __enter__(self) -> "RingBuffer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
