/* A light mask in C: one hop of 160 samples at 16 kHz in, one out, a hop late. No allocation, no library but libm.

   light_mask_weights.h holds the trained numbers in 8 bits, with a scale for every row of a matrix; it is written by
   biosig.deploy.c_code. The step is that of biosig.deploy.arrays.light_step, the frame that of
   biosig.models.overlapped.

       cc -O2 light_mask.c -lm -o light_mask
       light_mask < noisy.f32 > clean.f32        raw float32 samples; "light_mask -t" tells the milliseconds of a hop
*/
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "light_mask_weights.h"

enum { HOP = 160, FRAME = 2 * HOP, BINS = HOP + 1 };

static float window[FRAME], cosine[FRAME], area[BANDS];

typedef struct {
    float past[HOP], half[HOP], memory[LAYERS][UNITS];
} LightMask;

/* y = W x + b, W in 8 bits: (rows, columns) */
static void dense(const int8_t *w, const float *scale, const float *b, const float *x, float *y, int rows, int columns) {
    for (int i = 0; i < rows; i++, w += columns) {
        float sum = 0;
        for (int j = 0; j < columns; j++) sum += w[j] * x[j];
        y[i] = scale[i] * sum + b[i];
    }
}

static float logistic(float x) { return 1 / (1 + expf(-x)); }

static void gru(int layer, const float *x, float *h) {
    float from_x[3 * UNITS], from_h[3 * UNITS];
    dense(GRU_WI[layer], GRU_WI_SCALE[layer], GRU_BI[layer], x, from_x, 3 * UNITS, UNITS);
    dense(GRU_WH[layer], GRU_WH_SCALE[layer], GRU_BH[layer], h, from_h, 3 * UNITS, UNITS);
    for (int i = 0; i < UNITS; i++) {
        float r = logistic(from_x[i] + from_h[i]), z = logistic(from_x[UNITS + i] + from_h[UNITS + i]);
        float n = tanhf(from_x[2 * UNITS + i] + r * from_h[2 * UNITS + i]);
        h[i] = n + z * (h[i] - n);
    }
}

/* powers of the bins to their gains */
static void gains_of(LightMask *s, const float *power, float *gains) {
    float bands[BANDS] = {0}, y[UNITS], x[UNITS], out[BANDS];
    for (int k = 0; k < BINS; k++) {
        float bin = powf(fmaxf(power[k], 1e-12f), 0.15f);
        bands[BAND[k]] += SHARE[k] * bin;
        if (BAND[k] + 1 < BANDS) bands[BAND[k] + 1] += (1 - SHARE[k]) * bin;
    }
    for (int b = 0; b < BANDS; b++) bands[b] /= area[b];
    dense(ENTER_W, ENTER_W_SCALE, ENTER_B, bands, y, UNITS, BANDS);
    for (int i = 0; i < UNITS; i++) x[i] = y[i] = fmaxf(y[i], 0);
    for (int layer = 0; layer < LAYERS; layer++) {
        gru(layer, x, s->memory[layer]);
        memcpy(x, s->memory[layer], sizeof x);
    }
    for (int i = 0; i < UNITS; i++) x[i] += y[i];
    dense(GAIN_W, GAIN_W_SCALE, GAIN_B, x, out, BANDS, UNITS);
    for (int b = 0; b < BANDS; b++) out[b] = logistic(out[b]);
    for (int k = 0; k < BINS; k++) {
        float next = BAND[k] + 1 < BANDS ? out[BAND[k] + 1] : 0;
        gains[k] = SHARE[k] * out[BAND[k]] + (1 - SHARE[k]) * next;
    }
}

void light_mask_start(LightMask *s) {
    const double pi = 3.14159265358979323846;
    for (int n = 0; n < FRAME; n++) {
        window[n] = (float)sin(pi * n / FRAME);
        cosine[n] = (float)cos(2 * pi * n / FRAME);
    }
    memset(area, 0, sizeof area);
    for (int k = 0; k < BINS; k++) {
        area[BAND[k]] += SHARE[k];
        if (BAND[k] + 1 < BANDS) area[BAND[k] + 1] += 1 - SHARE[k];
    }
    memset(s, 0, sizeof *s);
}

/* one hop in, one hop out; the Fourier sums are taken as they are written, which costs more than the network */
void light_mask_hop(LightMask *s, const float *in, float *out) {
    float x[FRAME], re[BINS], im[BINS], power[BINS], gains[BINS];
    for (int n = 0; n < HOP; n++) {
        x[n] = window[n] * s->past[n];
        x[HOP + n] = window[HOP + n] * in[n];
    }
    memcpy(s->past, in, sizeof s->past);
    for (int k = 0; k < BINS; k++) {
        re[k] = im[k] = 0;
        for (int n = 0, turn = 0, quarter = FRAME / 4; n < FRAME; n++) {
            re[k] += cosine[turn] * x[n];
            im[k] += cosine[quarter] * x[n]; /* cos(a + pi/2) = -sin a */
            if ((turn += k) >= FRAME) turn -= FRAME;
            if ((quarter += k) >= FRAME) quarter -= FRAME;
        }
        power[k] = re[k] * re[k] + im[k] * im[k];
    }
    gains_of(s, power, gains);
    for (int k = 0; k < BINS; k++) {
        float twice = (k == 0 || k == HOP ? 1.0f : 2.0f) * gains[k] / FRAME;
        re[k] *= twice;
        im[k] *= twice;
    }
    for (int n = 0; n < FRAME; n++) {
        float sum = 0;
        for (int k = 0, turn = 0, quarter = FRAME / 4; k < BINS; k++) {
            sum += re[k] * cosine[turn] + im[k] * cosine[quarter];
            if ((turn += n) >= FRAME) turn -= FRAME;
            if ((quarter += n) >= FRAME) quarter -= FRAME;
        }
        x[n] = window[n] * sum;
    }
    for (int n = 0; n < HOP; n++) out[n] = s->half[n] + x[n];
    memcpy(s->half, x + HOP, sizeof s->half);
}

int main(int count, char **words) {
    static LightMask s;
    float in[HOP], out[HOP];
    long hops = 0;
    light_mask_start(&s);
    clock_t started = clock();
    while (fread(in, sizeof in, 1, stdin) == 1) {
        light_mask_hop(&s, in, out);
        if (fwrite(out, sizeof out, 1, stdout) != 1) return 1;
        hops++;
    }
    if (count > 1 && !strcmp(words[1], "-t") && hops)
        fprintf(stderr, "%.6f\n", 1000.0 * (clock() - started) / CLOCKS_PER_SEC / hops);
    return 0;
}
