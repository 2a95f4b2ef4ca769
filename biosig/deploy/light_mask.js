// A light mask in JavaScript: one hop of 160 samples at 16 kHz in, one out, a hop late; it needs nothing but this file.
// The step is that of biosig.deploy.arrays.light_step, the frame that of biosig.models.overlapped.
"use strict";

class LightMask {
  // model: what biosig.deploy.browser.model writes: sizes, bands, and trained numbers in 8 bits as base64
  constructor(model) {
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
    this.model = model;
    this.w = {};
    for (const [name, { columns, values, scale }] of Object.entries(model.matrices)) {
      const whole = new Int8Array(bytes(values)), scales = new Float32Array(bytes(scale));
      this.w[name] = { columns, values: Float32Array.from(whole, (v, i) => v * scales[Math.floor(i / columns)]) };
    }
    this.b = Object.fromEntries(Object.entries(model.vectors).map(([n, text]) => [n, new Float32Array(bytes(text))]));
    this.window = Float64Array.from({ length: 320 }, (_, n) => Math.sin((Math.PI * n) / 320));
    this.cosine = Float64Array.from({ length: 320 }, (_, n) => Math.cos((2 * Math.PI * n) / 320));
    this.area = this.toBands(new Float64Array(161).fill(1));
    this.start();
  }

  start() {
    this.past = new Float64Array(160);
    this.half = new Float64Array(160);
    this.memory = Array.from({ length: this.model.layers }, () => new Float64Array(this.model.units));
  }

  toBands(bins) {
    const { band, share, bands } = this.model, found = new Float64Array(bands);
    bins.forEach((value, k) => {
      found[band[k]] += share[k] * value;
      if (band[k] + 1 < bands) found[band[k] + 1] += (1 - share[k]) * value;
    });
    return found;
  }

  dense(name, x) {
    const { columns, values } = this.w[name + "w"], bias = this.b[name + "b"], out = new Float64Array(bias.length);
    for (let i = 0, at = 0; i < out.length; i++) {
      let sum = bias[i];
      for (let j = 0; j < columns; j++) sum += values[at++] * x[j];
      out[i] = sum;
    }
    return out;
  }

  gru(layer, x) {
    const h = this.memory[layer], units = h.length, logistic = LightMask.logistic;
    const fromX = this.dense(`gru${layer}_i`, x), fromH = this.dense(`gru${layer}_h`, h);
    for (let i = 0; i < units; i++) {
      const r = logistic(fromX[i] + fromH[i]), z = logistic(fromX[units + i] + fromH[units + i]);
      const n = Math.tanh(fromX[2 * units + i] + r * fromH[2 * units + i]);
      h[i] = n + z * (h[i] - n);
    }
    return h;
  }

  gains(power) {
    const y = this.toBands(power.map((p) => Math.pow(Math.max(p, 1e-12), 0.15))).map((v, b) => v / this.area[b]);
    const seen = this.dense("enter_", y).map((v) => Math.max(v, 0));
    let x = seen;
    for (let layer = 0; layer < this.model.layers; layer++) x = this.gru(layer, x);
    const out = this.dense("gain_", seen.map((v, i) => v + x[i])).map(LightMask.logistic);
    const { band, share, bands } = this.model;
    return power.map((_, k) => share[k] * out[band[k]] + (1 - share[k]) * (band[k] + 1 < bands ? out[band[k] + 1] : 0));
  }

  hop(input) {
    const { window, cosine } = this, x = new Float64Array(320);
    for (let n = 0; n < 160; n++) {
      x[n] = window[n] * this.past[n];
      x[160 + n] = window[160 + n] * input[n];
      this.past[n] = input[n];
    }
    const re = new Float64Array(161), im = new Float64Array(161);
    for (let k = 0; k <= 160; k++) {
      for (let n = 0, turn = 0; n < 320; n++, turn = (turn + k) % 320) {
        re[k] += cosine[turn] * x[n];
        im[k] += cosine[(turn + 80) % 320] * x[n]; // cos(a + pi/2) = -sin a
      }
    }
    const gains = this.gains(re.map((v, k) => v * v + im[k] * im[k]));
    for (let k = 0; k <= 160; k++) {
      const twice = ((k === 0 || k === 160 ? 1 : 2) * gains[k]) / 320;
      re[k] *= twice;
      im[k] *= twice;
    }
    const out = new Float32Array(160);
    for (let n = 0; n < 320; n++) {
      let sum = 0;
      for (let k = 0, turn = 0; k <= 160; k++, turn = (turn + n) % 320) {
        sum += re[k] * cosine[turn] + im[k] * cosine[(turn + 80) % 320];
      }
      if (n < 160) out[n] = this.half[n] + window[n] * sum;
      else this.half[n - 160] = window[n] * sum;
    }
    return out;
  }

  static logistic(x) {
    return 1 / (1 + Math.exp(-x));
  }
}
