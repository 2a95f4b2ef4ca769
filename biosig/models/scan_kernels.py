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

CHUNK = 128  # steps between stored states: a multiple of every lane count
VECTOR_BYTES = 64
LN_2, LOG2_E = math.log(2.0), 1.0 / math.log(2.0)
SOFTPLUS_LINEAR = 20.0  # torch's softplus is the identity from here on


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
def sub(typingctx, a, b):
    """a - b"""
    return a(a, b), lambda context, builder, sig, args: builder.fsub(*args)


@intrinsic
def fma(typingctx, a, b, c):
    """a * b + c, rounded once where the processor can."""
    return a(a, b, c), lambda context, builder, sig, args: _fma(builder, *args)


def _fma(builder, a, b, c):
    name = f"llvm.fmuladd.v{a.type.count}f{32 if isinstance(a.type.element, ir.FloatType) else 64}"
    function_type = ir.FunctionType(a.type, [a.type] * 3)
    return builder.call(cgutils.get_or_insert_function(builder.module, function_type, name), [a, b, c])


def _polynomial(series: list[float], low: float, high: float, count: int) -> list[float]:
    """``count`` coefficients that equal a power series at the Chebyshev nodes of [low, high]."""
    nodes = (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * (np.arange(count) + 0.5) / count)
    scale = max(abs(low), abs(high))
    values = np.polynomial.polynomial.polyval(nodes, series)
    return list(np.linalg.solve(np.vander(nodes / scale, increasing=True), values) / scale ** np.arange(count))


@lru_cache
def _exp2_coefficients(bits: int) -> list[float]:
    """2**f for |f| <= 1/2. The first two are exact: a decay of almost 1 is applied thousands of times in a row."""
    series = [math.log(2) ** k / math.factorial(k) for k in range(2, 28)]
    return [1.0, math.log(2), *_polynomial(series, -0.5, 0.5, {32: 5, 64: 11}[bits])]


@lru_cache
def _atanh_coefficients(bits: int) -> list[float]:
    """atanh(s) / s in powers of s**2, for 0 <= s <= 1/3."""
    return [1.0, *_polynomial([1 / (2 * k + 1) for k in range(1, 40)], 0, 1 / 9, {32: 5, 64: 11}[bits])]


def _horner(builder, coefficients, x):
    *rest, value = [_constant(x.type, c) for c in coefficients]
    for c in reversed(rest):
        value = _fma(builder, value, x, c)
    return value


_FORMATS = {32: (23, -127.0, 128.0), 64: (52, -1023.0, 1024.0)}  # bits of the mantissa; exponents of 0 and infinity


def _exp2(builder, v):
    """v = n + f with n whole and |f| <= 1/2: a polynomial for 2**f, and n added to the exponent's bits.

    Exactly 0 and infinity beyond the range; NaN stays NaN. Adding 1.5 * 2**mantissa rounds v to a whole
    number and leaves that in the low bits.
    """
    bits = 32 if isinstance(v.type.element, ir.FloatType) else 64
    mantissa, lowest, highest = _FORMATS[bits]
    int_type = ir.VectorType(ir.IntType(bits), v.type.count)
    v = _where(builder, v, "<", lowest, _constant(v.type, lowest), v)
    v = _where(builder, v, ">", highest, _constant(v.type, highest), v)
    magic = _constant(v.type, 1.5 * 2.0**mantissa)
    shifted = builder.fadd(v, magic)
    power = _horner(builder, _exp2_coefficients(bits), builder.fsub(v, builder.fsub(shifted, magic)))
    places = ir.Constant(int_type, [mantissa] * v.type.count)
    n = builder.shl(builder.bitcast(shifted, int_type), places)
    return builder.bitcast(builder.add(builder.bitcast(power, int_type), n), v.type)


def _where(builder, v, sign, bound, yes, no):
    """yes where v < bound (or another sign), else no; a NaN gives no."""
    return builder.select(builder.fcmp_ordered(sign, v, _constant(v.type, bound)), yes, no)


def _sigmoid(builder, v):
    """1 / (1 + exp(-v))"""
    one = _constant(v.type, 1.0)
    return builder.fdiv(one, builder.fadd(one, _exp2(builder, builder.fmul(v, _constant(v.type, -LOG2_E)))))


def _softplus(builder, v):
    """log(1 + exp(v)) = max(v, 0) + log(1 + e) with e = exp(-|v|), and log(1 + e) = 2 atanh(e / (2 + e))."""
    bits = 32 if isinstance(v.type.element, ir.FloatType) else 64
    negative = builder.fneg(v)
    size = _where(builder, v, ">", 0.0, negative, v)  # -|v|
    e = _exp2(builder, builder.fmul(size, _constant(v.type, LOG2_E)))
    s = builder.fdiv(e, builder.fadd(e, _constant(v.type, 2.0)))
    atanh = builder.fmul(s, _horner(builder, _atanh_coefficients(bits), builder.fmul(s, s)))
    value = _fma(builder, atanh, _constant(v.type, 2.0), _where(builder, v, ">", 0.0, v, _constant(v.type, 0.0)))
    return _where(builder, v, ">", SOFTPLUS_LINEAR, v, value)


@intrinsic
def exp2(typingctx, x):
    """2**x"""
    return x(x), lambda context, builder, sig, args: _exp2(builder, *args)


@intrinsic
def sigmoid(typingctx, x):
    """1 / (1 + exp(-x))"""
    return x(x), lambda context, builder, sig, args: _sigmoid(builder, *args)


@intrinsic
def softplus(typingctx, x):
    """log(1 + exp(x)), and x itself beyond 20 as torch has it"""
    return x(x), lambda context, builder, sig, args: _softplus(builder, *args)


@intrinsic
def softplus_slope(typingctx, x):
    """The derivative of `softplus`."""

    def codegen(context, builder, sig, args):
        (v,) = args
        return _where(builder, v, ">", SOFTPLUS_LINEAR, _constant(v.type, 1.0), _sigmoid(builder, v))

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


def to_steps(steps, slopes, bias, positive, length):
    """delta as given to step sizes, in place, and the derivative; both 0 in the padding, which is no step."""
    W = lanes(steps)
    slopes[: length * W], slopes[length * W :] = 1, 0
    for k in range(0, length * W, W):
        x = add(load(steps, k), load(bias, 0))
        store(steps, k, softplus(x) if positive else x)
        if positive:
            store(slopes, k, softplus_slope(x))


def through_gate(grads, gates, ungated, ones):
    """From the gradient of y * silu(z) to that of y, in place in grads; that of z, in place in ungated."""
    for k in range(0, CHUNK * lanes(grads), lanes(grads)):
        dy, z = load(grads, k), load(gates, k)
        s = sigmoid(z)
        slope = fma(mul(z, s), sub(load(ones, 0), s), s)  # of silu
        store(ungated, k, mul(mul(dy, slope), load(ungated, k)))
        store(grads, k, mul(dy, mul(z, s)))


helpers = read_tile, write_tile, read_lanes, to_steps, through_gate
read_tile, write_tile, read_lanes, to_steps, through_gate = map(numba.njit, helpers)


# --- the scan ---------------------------------------------------------------------------------------------


def _forward(  # noqa: C901  (loops over tasks, chunks, states and steps: one nest, one idea)
    first, last, u, delta, A, B, C, skip, bias, z, positive, y, ungated, state, starts
):
    """Tasks ``first`` to ``last - 1``, each one (batch item, block of channels).

    In: u, delta, z (batch, D, L), any strides, z of size 0 where there is no gate; A (D, N); B, C (batch, N, L
    padded to whole chunks); skip, bias (D, 1); positive: delta is to go through softplus.
    Out: y (batch, D, L); state (batch, D, N), the last one; and for the gradients, of size 0 where none are
    wanted, ungated (batch, D, L), y before the gate, and starts (batch, blocks, chunks, N, lanes).
    """
    W = lanes(A)
    D, N, blocks, chunks = A.shape[0], A.shape[1], (A.shape[0] + W - 1) // W, B.shape[2] // CHUNK
    steps, inputs, out, gates, slopes = np.empty((5, CHUNK * W), A.dtype)
    rate, h = np.empty((2, N * W), A.dtype)
    skips, biases = np.empty((2, W), A.dtype)
    for task in range(first, last):
        b, block = task // blocks, task % blocks
        d0 = block * W
        read_lanes(A, d0, rate)
        read_lanes(skip, d0, skips)
        read_lanes(bias, d0, biases)
        rate *= LOG2_E
        h[:] = 0
        for c in range(chunks):
            t0 = c * CHUNK
            read_tile(delta, b, d0, t0, steps)
            read_tile(u, b, d0, t0, inputs)
            to_steps(steps, slopes, biases, positive, min(CHUNK, u.shape[2] - t0))
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
            if z.size:
                read_tile(z, b, d0, t0, gates)
                for k in range(0, CHUNK * W, W):
                    gate = load(gates, k)
                    store(gates, k, mul(mul(gate, sigmoid(gate)), load(out, k)))
                write_tile(gates, y, b, d0, t0)
            target = ungated if z.size else y
            if target.size:
                write_tile(out, target, b, d0, t0)
        for k in range(min(W, D - d0)):
            for n in range(N):
                state[b, d0 + k, n] = h[n * W + k]


def _backward(  # noqa: C901  (loops over tasks, blocks, chunks, states and steps: one nest, one idea)
    first, last, u, delta, A, B, C, skip, bias, z, positive, ungated, starts,
    dy, dstate, du, ddelta, dA, dB, dC, dskip, dbias, dz,
):  # fmt: skip
    """Tasks ``first`` to ``last - 1``, each one (batch item, group of blocks); the gradients of `_forward`.

    In: as there, and the gradients dy (batch, D, L) of y and dstate (batch, D, N) of the last state.
    Out: du, ddelta, dz (batch, D, L); dA (batch, D, N); dskip, dbias (batch, D, 1); dB, dC (batch, groups, N,
    padded L), 0 before. The gradient of h[t] is g[t] = dy[t] C[t] + a[t+1] g[t+1], with a[t] = exp(delta[t] A).
    """
    W = lanes(A)
    D, N, blocks, chunks = A.shape[0], A.shape[1], (A.shape[0] + W - 1) // W, B.shape[2] // CHUNK
    groups = dB.shape[1]
    steps, slopes, inputs, grads, drive, decay, dsteps, ddrive = np.empty((8, CHUNK * W), A.dtype)
    states, (square_b, square_c) = np.empty((CHUNK + 1) * W, A.dtype), np.empty((2, W * W), A.dtype)
    rate, g, drate = np.empty((3, N * W), A.dtype)
    skips, biases, dskips, dbiases, ln2, ones = np.empty((6, W), A.dtype)
    ln2[:], ones[:] = LN_2, 1
    for task in range(first, last):
        b, group = task // groups, task % groups
        for block in range(group * blocks // groups, (group + 1) * blocks // groups):
            d0 = block * W
            read_lanes(A, d0, rate)
            read_lanes(skip, d0, skips)
            read_lanes(bias, d0, biases)
            read_lanes(dstate[b], d0, g)
            rate *= LOG2_E
            drate[:], dskips[:], dbiases[:] = 0, 0, 0
            for c in range(chunks - 1, -1, -1):
                t0 = c * CHUNK
                read_tile(delta, b, d0, t0, steps)
                read_tile(u, b, d0, t0, inputs)
                read_tile(dy, b, d0, t0, grads)
                to_steps(steps, slopes, biases, positive, min(CHUNK, u.shape[2] - t0))
                if z.size:
                    read_tile(z, b, d0, t0, drive)
                    read_tile(ungated, b, d0, t0, decay)
                    through_gate(grads, drive, decay, ones)
                    write_tile(decay, dz, b, d0, t0)
                for k in range(0, CHUNK * W, W):
                    store(drive, k, mul(load(steps, k), load(inputs, k)))
                dsteps[:], ddrive[:] = 0, 0
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
                    dstep = mul(load(slopes, k), fma(x, dx, mul(load(ln2, 0), load(dsteps, k))))
                    store(dskips, 0, fma(dy_t, x, load(dskips, 0)))
                    store(dbiases, 0, add(dstep, load(dbiases, 0)))
                    store(inputs, k, fma(s, dx, mul(load(skips, 0), dy_t)))
                    store(dsteps, k, dstep)
                write_tile(inputs, du, b, d0, t0)
                write_tile(dsteps, ddelta, b, d0, t0)
            for k in range(min(W, D - d0)):
                dskip[b, d0 + k, 0], dbias[b, d0 + k, 0] = dskips[k], dbiases[k]
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
    inputs = index, index, any3, any3, c2, c3, c3, c2, c2, any3, numba.boolean
    forward = numba.void(*inputs, c3, c3, c3, c5)
    backward = numba.void(*inputs, c3, c5, any3, any3, c3, c3, c3, c4, c4, c3, c3, c3)
    return _compile(_forward, forward), _compile(_backward, backward)
