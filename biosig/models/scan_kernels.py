"""The compiled kernels of the selective scan on a CPU: one pass each way, no (L, N, D) tensor.

The scan (Gu & Dao 2023, arXiv:2312.00752, eq. 2) is, for every channel d and state n,

    h[t] = exp(delta[t] * A) * h[t-1] + delta[t] * B[t] * u[t],      y[t] = sum over n of C[t] * h[t].

Almost all of its time is the exponential, so everything here serves to compute it 16 numbers at a time:

- One *lane* of a SIMD vector is one channel; a block is 64 bytes of channels (16 float32, 8 float64).
  B and C do not depend on the channel and are broadcast, and y needs no sum across lanes.
- numba from PyPI has no vector exponential (no SVML), so ``exp2`` below is written out; and LLVM does not
  vectorise the recurrence by itself, so the vectors are explicit (``Vector``, and intrinsics on it). They are
  LLVM's portable vectors: on a processor with narrower registers each becomes two or four of them.
- Time is cut into chunks. The forward pass keeps the state at each chunk's start only; the backward pass
  recomputes a chunk's states from there, one n at a time, so that they stay in the first-level cache.
- Padding is harmless: at u = delta = 0 the state stays as it is and the output gets nothing.

A task is (batch item, block of channels), in the backward pass (batch item, fixed range of blocks), as B and
C collect gradients over channels. Each writes to places of its own, so the result does not depend on who runs
it. Vectors and kernels share one file because numba's cache notices changes in the kernel's own file only.
"""

import math
from functools import lru_cache

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, models, register_model

CHUNK = 64  # steps between stored states: a multiple of every lane count
VECTOR_BYTES = 64
LN_2, LOG2_E = math.log(2.0), 1.0 / math.log(2.0)


# --- vectors ----------------------------------------------------------------------------------------------


class Vector(types.Type):
    """64 bytes of float32 or float64 as one value of compiled code."""

    def __init__(self, dtype: types.Float):
        self.dtype, self.lanes = dtype, VECTOR_BYTES * 8 // dtype.bitwidth
        super().__init__(name=f"Vector({dtype}x{self.lanes})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager, fe_type):
        super().__init__(manager, fe_type, _ir_vector(fe_type))


def _ir_vector(vector: Vector) -> ir.VectorType:
    scalar = ir.FloatType() if vector.dtype.bitwidth == 32 else ir.DoubleType()
    return ir.VectorType(scalar, vector.lanes)


def _constant(vector_type: ir.VectorType, number: float) -> ir.Constant:
    return ir.Constant(vector_type, [number] * vector_type.count)


def _shuffle(builder, a, b, picks):
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), len(picks)), picks))


def _interleave(builder, a, b):
    """The lanes of a and b in turn: the first halves', then the second halves'."""
    n = a.type.count
    low = [i for k in range(n // 2) for i in (k, n + k)]
    return _shuffle(builder, a, b, low), _shuffle(builder, a, b, [i + n // 2 for i in low])


def _pointer(context, builder, array_type, array, index_type, index):
    """Where element ``index`` of an array is, and its array's lane-sized vector type."""
    where = [index] if not isinstance(index_type, types.BaseTuple) else cgutils.unpack_tuple(builder, index)
    struct = context.make_array(array_type)(context, builder, array)
    vector = Vector(array_type.dtype)
    at = cgutils.get_item_pointer(context, builder, array_type, struct, where, wraparound=False)
    return builder.bitcast(at, _ir_vector(vector).as_pointer()), array_type.dtype.bitwidth // 8


@intrinsic
def lanes(typingctx, array):
    """How many numbers of this array's type one vector holds."""
    count = Vector(array.dtype).lanes
    return types.intp(array), lambda context, builder, sig, args: ir.Constant(ir.IntType(64), count)


@intrinsic
def load(typingctx, array, index):
    """The vector of numbers that begins at ``array[index]``; they lie side by side."""

    def codegen(context, builder, sig, args):
        at, align = _pointer(context, builder, sig.args[0], args[0], sig.args[1], args[1])
        return builder.load(at, align=align, typ=_ir_vector(sig.return_type))

    return Vector(array.dtype)(array, index), codegen


@intrinsic
def store(typingctx, array, index, vector):
    """Write a vector from ``array[index]`` on."""

    def codegen(context, builder, sig, args):
        at, align = _pointer(context, builder, sig.args[0], args[0], sig.args[1], args[1])
        builder.store(args[2], at, align=align)
        return context.get_dummy_value()

    return types.void(array, index, vector), codegen


@intrinsic
def broadcast(typingctx, array, index):
    """A vector of the one number ``array[index]``."""

    def codegen(context, builder, sig, args):
        at, align = _pointer(context, builder, sig.args[0], args[0], sig.args[1], args[1])
        vector_type = _ir_vector(sig.return_type)
        number = builder.load(builder.bitcast(at, vector_type.element.as_pointer()), align=align)
        empty = ir.Constant(vector_type, ir.Undefined)
        first = builder.insert_element(empty, number, ir.Constant(ir.IntType(32), 0))
        return _shuffle(builder, first, first, [0] * vector_type.count)

    return Vector(array.dtype)(array, index), codegen


@intrinsic
def mul(typingctx, a, b):
    """a * b"""
    return a(a, b), lambda context, builder, sig, args: builder.fmul(*args)


@intrinsic
def add(typingctx, a, b):
    """a + b"""
    return a(a, b), lambda context, builder, sig, args: builder.fadd(*args)


@intrinsic
def fma(typingctx, a, b, c):
    """a * b + c, rounded once where the processor can."""
    return a(a, b, c), lambda context, builder, sig, args: _fma(builder, *args)


def _fma(builder, a, b, c):
    name = f"llvm.fmuladd.v{a.type.count}f{32 if isinstance(a.type.element, ir.FloatType) else 64}"
    function_type = ir.FunctionType(a.type, [a.type] * 3)
    return builder.call(cgutils.get_or_insert_function(builder.module, function_type, name), [a, b, c])


def _exp2_coefficients(degree: int) -> list[float]:
    """c of 2**f = 1 + f*ln2 + f**2 * (c0 + c1 f + …) for |f| <= 1/2, by interpolation at Chebyshev nodes.

    The first two terms are kept exact: a decay of almost 1 is applied thousands of times in a row.
    """
    count = degree - 1
    nodes = 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / count)
    # the Taylor series of (2**f - 1 - f ln2) / f**2, which the formula itself would lose to cancellation
    rest = sum(math.log(2) ** k / math.factorial(k) * nodes ** (k - 2) for k in range(2, 26))
    return [1.0, math.log(2), *np.linalg.solve(np.vander(nodes, increasing=True), rest)]


# bits of the mantissa, smallest and largest exponent, degree of the polynomial
_FORMATS = {32: (23, -127.0, 128.0, 6), 64: (52, -1023.0, 1024.0, 12)}


@intrinsic
def exp2(typingctx, x):
    """2**x: x = n + f with n whole and |f| <= 1/2, a polynomial for 2**f, and n added to the exponent's bits.

    Exactly 0 and infinity beyond the range; NaN stays NaN. Adding 1.5 * 2**mantissa rounds x to a whole
    number and leaves that in the low bits.
    """
    bits = x.dtype.bitwidth
    mantissa, lowest, highest, degree = _FORMATS[bits]

    def codegen(context, builder, sig, args):
        (v,), float_type = args, args[0].type
        int_type = ir.VectorType(ir.IntType(bits), float_type.count)
        for sign, bound in (("<", lowest), (">", highest)):
            limit = _constant(float_type, bound)
            v = builder.select(builder.fcmp_ordered(sign, v, limit), limit, v)
        magic = _constant(float_type, 1.5 * 2.0**mantissa)
        shifted = builder.fadd(v, magic)
        f = builder.fsub(v, builder.fsub(shifted, magic))
        *rest, power = [_constant(float_type, c) for c in _exp2_coefficients(degree)]
        for c in reversed(rest):
            power = _fma(builder, power, f, c)
        places = ir.Constant(int_type, [mantissa] * float_type.count)
        n = builder.shl(builder.bitcast(shifted, int_type), places)
        return builder.bitcast(builder.add(builder.bitcast(power, int_type), n), float_type)

    return x(x), codegen


def _load_rows(context, builder, sig, args, vector):
    rows = []
    for k in range(vector.lanes):
        index = builder.add(args[1], ir.Constant(args[1].type, k * vector.lanes))
        at, align = _pointer(context, builder, sig.args[0], args[0], types.intp, index)
        rows.append(builder.load(at, align=align, typ=_ir_vector(vector)))
    return rows


@intrinsic
def transpose(typingctx, tile, at):
    """Transpose, in place, the square of lanes x lanes numbers that begins at ``tile[at]``."""
    vector = Vector(tile.dtype)

    def codegen(context, builder, sig, args):
        rows = _load_rows(context, builder, sig, args, vector)
        half = vector.lanes // 2
        for _ in range(vector.lanes.bit_length() - 1):
            pairs = [_interleave(builder, rows[i], rows[i + half]) for i in range(half)]
            rows = [row for pair in pairs for row in pair]
        for k, row in enumerate(rows):
            index = builder.add(args[1], ir.Constant(args[1].type, k * vector.lanes))
            to, align = _pointer(context, builder, sig.args[0], args[0], types.intp, index)
            builder.store(row, to, align=align)
        return context.get_dummy_value()

    return types.void(tile, types.intp), codegen


@intrinsic
def row_sums(typingctx, tile, at):
    """The sums of each row of the square that begins at ``tile[at]``, as one vector."""
    vector = Vector(tile.dtype)

    def codegen(context, builder, sig, args):
        rows = _load_rows(context, builder, sig, args, vector)
        while len(rows) > 1:
            half = len(rows) // 2
            rows = [builder.fadd(*_interleave(builder, rows[i], rows[i + half])) for i in range(half)]
        return rows[0]

    return vector(tile, types.intp), codegen


# --- blocks of channels in and out ------------------------------------------------------------------------


def read_tile(source, b, d0, t0, tile):
    """tile[t, lane] = source[b, d0 + lane, t0 + t] for one chunk, zero beyond the edges."""
    W = lanes(tile)
    depth, length = min(W, source.shape[1] - d0), min(CHUNK, source.shape[2] - t0)
    if depth < W or length < CHUNK:
        tile[:] = 0
    if depth == W and source.strides[1] == source.itemsize:
        for t in range(length):
            store(tile, t * W, load(source, (b, d0, t0 + t)))
        return
    whole = length // W * W if depth == W and source.strides[2] == source.itemsize else 0
    for t in range(0, whole, W):
        for k in range(W):
            store(tile, (t + k) * W, load(source, (b, d0 + k, t0 + t)))
        transpose(tile, t * W)
    for t in range(whole, length):
        for k in range(depth):
            tile[t * W + k] = source[b, d0 + k, t0 + t]


def write_tile(tile, target, b, d0, t0):
    """target[b, d0 + lane, t0 + t] = tile[t, lane] inside the edges; the tile is used up."""
    W = lanes(tile)
    depth, length = min(W, target.shape[1] - d0), min(CHUNK, target.shape[2] - t0)
    whole = length // W * W if depth == W else 0
    for t in range(0, whole, W):
        transpose(tile, t * W)
        for k in range(W):
            store(target, (b, d0 + k, t0 + t), load(tile, (t + k) * W))
    for t in range(whole, length):
        for k in range(depth):
            target[b, d0 + k, t0 + t] = tile[t * W + k]


def read_lanes(matrix, d0, rows):
    """rows[n, lane] = matrix[d0 + lane, n], zero beyond the last channel."""
    W = lanes(rows)
    rows[:] = 0
    for k in range(min(W, matrix.shape[0] - d0)):
        for n in range(matrix.shape[1]):
            rows[n * W + k] = matrix[d0 + k, n]


read_tile, write_tile, read_lanes = (numba.njit(f) for f in (read_tile, write_tile, read_lanes))


# --- the scan ---------------------------------------------------------------------------------------------


def _forward(first, last, u, delta, A, B, C, skip, y, state, starts):
    """Tasks ``first`` to ``last - 1``, each one (batch item, block of channels).

    In: u, delta (batch, D, L), any strides; A (D, N); B, C (batch, N, L padded to whole chunks); skip (D, 1).
    Out: y (batch, D, L); state (batch, D, N), the last one;
    starts (batch, blocks, chunks, N, lanes), the states at chunk starts, or of size 0 where no gradient is wanted.
    """
    W = lanes(A)
    D, N, blocks, chunks = A.shape[0], A.shape[1], (A.shape[0] + W - 1) // W, B.shape[2] // CHUNK
    steps, inputs, out = np.empty((3, CHUNK * W), A.dtype)
    rate, h, skips = np.empty(N * W, A.dtype), np.empty(N * W, A.dtype), np.empty(W, A.dtype)
    for task in range(first, last):
        b, block = task // blocks, task % blocks
        d0 = block * W
        read_lanes(A, d0, rate)
        read_lanes(skip, d0, skips)
        rate *= LOG2_E
        h[:] = 0
        for c in range(chunks):
            t0 = c * CHUNK
            read_tile(delta, b, d0, t0, steps)
            read_tile(u, b, d0, t0, inputs)
            for k in range(0, CHUNK * W, W):
                store(out, k, mul(load(skips, 0), load(inputs, k)))
                store(inputs, k, mul(load(steps, k), load(inputs, k)))
            for n in range(N):
                rate_n, h_n = load(rate, n * W), load(h, n * W)
                if starts.size:
                    store(starts, (b, block, c, n, 0), h_n)
                for t in range(CHUNK):
                    k = t * W
                    drive = mul(load(inputs, k), broadcast(B, (b, n, t0 + t)))
                    h_n = fma(exp2(mul(load(steps, k), rate_n)), h_n, drive)
                    store(out, k, fma(h_n, broadcast(C, (b, n, t0 + t)), load(out, k)))
                store(h, n * W, h_n)
            write_tile(out, y, b, d0, t0)
        for k in range(min(W, D - d0)):
            for n in range(N):
                state[b, d0 + k, n] = h[n * W + k]


def _backward(  # noqa: C901  (loops over tasks, blocks, chunks, states and steps: one nest, one idea)
    first, last, u, delta, A, B, C, skip, starts, dy, dstate, du, ddelta, dA, dB, dC, dskip
):
    """Tasks ``first`` to ``last - 1``, each one (batch item, group of blocks); the gradients of `_forward`.

    In: as there, and the gradients dy (batch, D, L) of y and dstate (batch, D, N) of the last state.
    Out: du, ddelta (batch, D, L); dA (batch, D, N); dskip (batch, D, 1); dB, dC (batch, groups, N, padded L), 0 before.
    The whole gradient of h[t] is g[t] = dy[t] C[t] + a[t+1] g[t+1], with a[t] = exp(delta[t] A).
    """
    W = lanes(A)
    D, N, blocks, chunks = A.shape[0], A.shape[1], (A.shape[0] + W - 1) // W, B.shape[2] // CHUNK
    groups = dB.shape[1]
    steps, inputs, grads, drive, decay, dsteps, ddrive = np.empty((7, CHUNK * W), A.dtype)
    states, (square_b, square_c) = np.empty((CHUNK + 1) * W, A.dtype), np.empty((2, W * W), A.dtype)
    rate, g, drate = np.empty(N * W, A.dtype), np.empty(N * W, A.dtype), np.empty(N * W, A.dtype)
    skips, dskips, ln2 = np.empty(W, A.dtype), np.empty(W, A.dtype), np.full(W, LN_2, A.dtype)
    for task in range(first, last):
        b, group = task // groups, task % groups
        for block in range(group * blocks // groups, (group + 1) * blocks // groups):
            d0 = block * W
            read_lanes(A, d0, rate)
            read_lanes(skip, d0, skips)
            read_lanes(dstate[b], d0, g)
            rate *= LOG2_E
            drate[:] = 0
            dskips[:] = 0
            for c in range(chunks - 1, -1, -1):
                t0 = c * CHUNK
                read_tile(delta, b, d0, t0, steps)
                read_tile(u, b, d0, t0, inputs)
                read_tile(dy, b, d0, t0, grads)
                for k in range(0, CHUNK * W, W):
                    store(drive, k, mul(load(steps, k), load(inputs, k)))
                dsteps[:] = 0
                ddrive[:] = 0
                for n in range(N):
                    rate_n, h_n = load(rate, n * W), load(starts, (b, block, c, n, 0))
                    store(states, 0, h_n)
                    for t in range(CHUNK):
                        k = t * W
                        a = exp2(mul(load(steps, k), rate_n))
                        h_n = fma(a, h_n, mul(load(drive, k), broadcast(B, (b, n, t0 + t))))
                        store(decay, k, a)
                        store(states, k + W, h_n)
                    g_n, drate_n = load(g, n * W), load(drate, n * W)
                    for end in range(CHUNK, 0, -W):
                        for row in range(W - 1, -1, -1):
                            t = end - W + row
                            k = t * W
                            dy_t = load(grads, k)
                            g_n = fma(dy_t, broadcast(C, (b, n, t0 + t)), g_n)
                            store(square_c, row * W, mul(dy_t, load(states, k + W)))
                            store(square_b, row * W, mul(g_n, load(drive, k)))
                            store(ddrive, k, fma(g_n, broadcast(B, (b, n, t0 + t)), load(ddrive, k)))
                            g_n = mul(g_n, load(decay, k))
                            dx = mul(g_n, load(states, k))  # of the exponent delta[t] * A
                            store(dsteps, k, fma(rate_n, dx, load(dsteps, k)))
                            drate_n = fma(load(steps, k), dx, drate_n)
                        at = (b, group, n, t0 + end - W)
                        store(dB, at, add(load(dB, at), row_sums(square_b, 0)))
                        store(dC, at, add(load(dC, at), row_sums(square_c, 0)))
                    store(g, n * W, g_n)
                    store(drate, n * W, drate_n)
                for k in range(0, CHUNK * W, W):
                    x, dx, s, dy_t = load(inputs, k), load(ddrive, k), load(steps, k), load(grads, k)
                    store(dskips, 0, fma(dy_t, x, load(dskips, 0)))
                    store(inputs, k, fma(s, dx, mul(load(skips, 0), dy_t)))
                    store(dsteps, k, fma(x, dx, mul(load(ln2, 0), load(dsteps, k))))
                write_tile(inputs, du, b, d0, t0)
                write_tile(dsteps, ddelta, b, d0, t0)
            for k in range(min(W, D - d0)):
                dskip[b, d0 + k, 0] = dskips[k]
                for n in range(N):
                    dA[b, d0 + k, n] = drate[n * W + k]


# --- compiling --------------------------------------------------------------------------------------------


def _compile(function, signature):
    """``function`` as machine code that runs without the interpreter's lock, kept on disk where possible."""
    try:
        return numba.njit(signature, cache=True, nogil=True)(function)
    except RuntimeError:  # no folder that can be written to: compile in every process
        return numba.njit(signature, nogil=True)(function)


@lru_cache
def kernels(dtype: str) -> tuple:
    """(forward, backward) for "float32" or "float64"."""
    index = numba.intp
    any3 = numba.types.Array(getattr(numba, dtype), 3, "A")
    c2, c3, c4, c5 = (numba.types.Array(getattr(numba, dtype), ndim, "C") for ndim in (2, 3, 4, 5))
    inputs = index, index, any3, any3, c2, c3, c3, c2
    forward = numba.void(*inputs, c3, c3, c5)
    backward = numba.void(*inputs, c5, any3, any3, c3, c3, c3, c4, c4, c3)
    return _compile(_forward, forward), _compile(_backward, backward)
