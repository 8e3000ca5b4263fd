// Calls functions whose names are mangled, N times each.
//
//   names [-w] N
//
// First line: pid=PID. With -w it then waits for SIGUSR1. At the end it says what it did, as key=value words.
#include "go.h"
#include <cstdlib>
#include <cstring>
#include <string>

#define ALONE __attribute__((noinline, noclone))

namespace shop {

ALONE long price(int pieces) {
    __asm__ volatile("");
    return 2 * pieces;
}

ALONE long price(long pieces, char tax) {
    __asm__ volatile("");
    return pieces + tax;
}

ALONE long price(const std::string &name) {
    __asm__ volatile("");
    return static_cast<long>(name.size());
}

ALONE long applied(long (*each)(int), int pieces) {
    return each(pieces) + 1;
}

template <class T> ALONE T twice(T value) {
    __asm__ volatile("");
    return value + value;
}

struct Till {
    long cash;
    ALONE explicit Till(long start) : cash(start) { __asm__ volatile(""); }
    ALONE long total() const {
        __asm__ volatile("");
        return cash;
    }
    ALONE long operator()(long more) {
        __asm__ volatile("");
        return cash += more;
    }
    ALONE long operator+(long more) const {
        __asm__ volatile("");
        return cash + more;
    }
};

} // namespace shop

namespace {

ALONE long hidden(long value) {
    __asm__ volatile("");
    return value - 1;
}

} // namespace

extern "C" ALONE long plain(long value) {
    __asm__ volatile("");
    return value + 3;
}

int main(int argc, char **argv) {
    bool wait = argc > 1 && !strcmp(argv[1], "-w");
    if (argc - wait < 2)
        return 2;
    long calls = atol(argv[1 + wait]), sum = 0;
    const std::string name = "tea";
    announce(wait);
    for (long i = 0; i < calls; i++) {
        shop::Till till(i);
        sum += shop::price(static_cast<int>(i)) + shop::price(i, 'x') + shop::price(name) + till.total() + till(2) + (till + 3);
        sum += shop::twice(i) + static_cast<long>(shop::twice(0.5)) + shop::applied(shop::price, 1) + hidden(i) + plain(i);
    }
    printf("calls=%ld sum=%ld\n", calls, sum);
    return 0;
}
