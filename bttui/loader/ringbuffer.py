"""Reading a BPF ring buffer from its own memory: no call and no copy but the records themselves.

Layout (kernel/bpf/ringbuf.c): one page that holds the consumer's position and that we may write; one page that holds
the producer's position; the data, mapped twice in a row so that a record never wraps. A record is a u32 of its length
and two flags, a u32 for the kernel, the data, padding to 8.
"""

import mmap

from bttui.loader.maps import LoadedMap

_BUSY, _DISCARD = 1 << 31, 1 << 30
_HEADER = 8
_MOST_RUN = 4096


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
        records: "list[bytes]" = []
        position, produced = consumed[0], self._produced[0]
        # Most streams are long runs of records of one size: their headers are compared in one go. The run that is
        # tried grows while it holds, so a mixed stream does not pay for it.
        run = 1
        while position < produced:
            start = base + (position & mask)
            header = words[start >> 2]
            if header & _BUSY:
                break
            length = header & ~_DISCARD
            step = (length + _HEADER + 7) & ~7
            count = min(run, (produced - position) // step)
            if count > 1:
                first = start >> 2
                headers = words[first : first + count * (step >> 2) : step >> 2].tolist()
                if headers.count(header) == count:
                    run = min(run * 4, _MOST_RUN)
                else:
                    count = next(i for i, other in enumerate(headers) if other != header)
                    run = 1
            elif run == 1:
                run = 4
            if not header & _DISCARD:
                begin = start + _HEADER
                records += [data[at : at + length] for at in range(begin, begin + count * step, step)]
            position += count * step
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
