// @ts-check
// The points of a map on a canvas: WebGL 2, else the plain canvas. Knows nothing of pictures: points have a place, and a
// colour a kind. Moving redraws within one frame however many points there are.

/** @typedef {{x: Uint16Array, y: Uint16Array, count: number}} Points */
/** @typedef {{draw: (view: View, size: number) => void, colour: (kinds: Uint8Array, palette: string[]) => void, name: string}} Painter */

/** Where the window looks: `scale` pixels for the whole map's width, its middle at `x`, `y` in [0, 1]. */
export class View {
  x = 0.5;
  y = 0.5;
  scale = 1;
  width = 1;
  height = 1;

  /** Everything, with a rim. */
  all() {
    this.x = 0.5;
    this.y = 0.5;
    this.scale = Math.min(this.width, this.height) * 0.94;
  }

  /** Pixels of a place. @param {number} u @param {number} v @returns {[number, number]} */
  pixel(u, v) {
    return [(u - this.x) * this.scale + this.width / 2, (this.y - v) * this.scale + this.height / 2];
  }

  /** The place of a pixel. @param {number} px @param {number} py @returns {[number, number]} */
  place(px, py) {
    return [(px - this.width / 2) / this.scale + this.x, this.y - (py - this.height / 2) / this.scale];
  }

  /** @param {number} by @param {number} px @param {number} py what stays where it is */
  zoom(by, px = this.width / 2, py = this.height / 2) {
    const [u, v] = this.place(px, py);
    const least = Math.min(this.width, this.height) * 0.5;
    this.scale = Math.min(Math.max(this.scale * by, least), 4e6);
    this.x = u - (px - this.width / 2) / this.scale;
    this.y = v + (py - this.height / 2) / this.scale;
  }

  /** @param {number} dx @param {number} dy pixels */
  pan(dx, dy) {
    this.x = Math.min(Math.max(this.x - dx / this.scale, 0), 1);
    this.y = Math.min(Math.max(this.y + dy / this.scale, 0), 1);
  }
}

/** Red, green and blue of `#rrggbb` or `rgb(...)`. @param {string} colour @returns {[number, number, number]} */
function channels(colour) {
  const numbers = colour.match(/[\d.]+/g)?.map(Number);
  if (colour.startsWith("#")) {
    const n = parseInt(colour.slice(1, 7), 16);
    return [n >> 16, (n >> 8) & 255, n & 255];
  }
  return [numbers?.[0] ?? 128, numbers?.[1] ?? 128, numbers?.[2] ?? 128];
}

const VERTEX = `#version 300 es
in vec2 at; in float kind;
uniform vec2 middle; uniform vec2 stretch; uniform float size;
flat out float k;
void main() { k = kind; gl_Position = vec4((at - middle) * stretch, 0.0, 1.0); gl_PointSize = size; }`;
const FRAGMENT = `#version 300 es
precision mediump float;
flat in float k; uniform vec3 palette[256]; out vec4 colour;
void main() { colour = vec4(palette[int(k + 0.5)], 1.0); }`;

/** @param {HTMLCanvasElement} canvas @param {Points} points @returns {Painter | null} */
export function webgl(canvas, points) {
  const gl = canvas.getContext("webgl2", { antialias: false, alpha: true, preserveDrawingBuffer: false });
  if (!gl || gl.getParameter(gl.MAX_FRAGMENT_UNIFORM_VECTORS) < 260) return null;
  const program = gl.createProgram();
  for (const [type, text] of /** @type {const} */ ([[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]])) {
    const shader = gl.createShader(type);
    if (!program || !shader) return null;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return null;
  gl.useProgram(program);
  const places = new Uint16Array(points.count * 2);
  for (let n = 0; n < points.count; n += 1) {
    places[2 * n] = /** @type {number} */ (points.x[n]);
    places[2 * n + 1] = /** @type {number} */ (points.y[n]);
  }
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, places, gl.STATIC_DRAW);
  const at = gl.getAttribLocation(program, "at");
  gl.enableVertexAttribArray(at);
  gl.vertexAttribPointer(at, 2, gl.UNSIGNED_SHORT, true, 0, 0);
  const kindBuffer = gl.createBuffer();
  const kind = gl.getAttribLocation(program, "kind");
  const where = (/** @type {string} */ name) => gl.getUniformLocation(program, name);
  const [middle, stretch, size, palette] = [where("middle"), where("stretch"), where("size"), where("palette")];
  return {
    name: "WebGL 2",
    colour(kinds, colours) {
      gl.bindBuffer(gl.ARRAY_BUFFER, kindBuffer);
      gl.bufferData(gl.ARRAY_BUFFER, kinds, gl.STATIC_DRAW);
      gl.enableVertexAttribArray(kind);
      gl.vertexAttribPointer(kind, 1, gl.UNSIGNED_BYTE, false, 0, 0);
      const numbers = new Float32Array(256 * 3);
      for (let n = 0; n < 256; n += 1) {
        const [r, g, b] = channels(colours[n] ?? colours[colours.length - 1] ?? "#888888");
        numbers.set([r / 255, g / 255, b / 255], 3 * n);
      }
      gl.uniform3fv(palette, numbers);
    },
    draw(view, pixels) {
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform2f(middle, view.x, view.y);
      gl.uniform2f(stretch, (2 * view.scale) / view.width, (2 * view.scale) / view.height);
      gl.uniform1f(size, pixels);
      gl.drawArrays(gl.POINTS, 0, points.count);
    },
  };
}

/** Pixels are written one by one into a picture: a hundred thousand take a few milliseconds, where as many calls to draw
 * a rectangle take a hundred. @param {HTMLCanvasElement} canvas @param {Points} points @returns {Painter | null} */
export function plain(canvas, points) {
  const context = canvas.getContext("2d");
  if (!context) return null;
  const packed = new Uint32Array(256);
  let kindOf = new Uint8Array(points.count);
  /** @type {ImageData | null} */ let image = null;
  let pixels = new Uint32Array(0);
  return {
    name: "2D canvas",
    colour(kinds, colours) {
      kindOf = new Uint8Array(kinds);
      for (let n = 0; n < 256; n += 1) {
        const [r, g, b] = channels(colours[n] ?? colours[colours.length - 1] ?? "#888888");
        packed[n] = (255 << 24) | (b << 16) | (g << 8) | r;
      }
    },
    draw(view, size) {
      const [width, height] = [canvas.width, canvas.height];
      if (!image || image.width !== width || image.height !== height) {
        image = context.createImageData(width, height);
        pixels = new Uint32Array(image.data.buffer);
      }
      pixels.fill(0);
      const ratio = width / view.width;
      const step = (view.scale * ratio) / 65535;
      const [left, top] = [width / 2 - view.x * view.scale * ratio, height / 2 + view.y * view.scale * ratio];
      const edge = Math.max(1, Math.round(size));
      for (let n = 0; n < points.count; n += 1) {
        const px = (left + /** @type {number} */ (points.x[n]) * step - edge / 2) | 0;
        const py = (top - /** @type {number} */ (points.y[n]) * step - edge / 2) | 0;
        if (px < 0 || py < 0 || px + edge > width || py + edge > height) continue;
        const colour = /** @type {number} */ (packed[/** @type {number} */ (kindOf[n])]);
        for (let row = 0; row < edge; row += 1) {
          const start = (py + row) * width + px;
          pixels.fill(colour, start, start + edge);
        }
      }
      context.putImageData(image, 0, 0);
    },
  };
}

/** Finds points by place: cells of a grid, each a run of one list of numbers. */
export class Finder {
  /** @param {Points} points */
  constructor(points) {
    this.points = points;
    this.side = Math.max(1, Math.min(512, Math.round(Math.sqrt(points.count / 4))));
    const cells = this.side * this.side;
    this.starts = new Uint32Array(cells + 1);
    this.order = new Uint32Array(points.count);
    const cellOf = new Uint32Array(points.count);
    for (let n = 0; n < points.count; n += 1) {
      cellOf[n] = this.cell(/** @type {number} */ (points.x[n]), /** @type {number} */ (points.y[n]));
      this.starts[/** @type {number} */ (cellOf[n]) + 1] = /** @type {number} */ (this.starts[/** @type {number} */ (cellOf[n]) + 1]) + 1;
    }
    for (let n = 0; n < cells; n += 1) this.starts[n + 1] = /** @type {number} */ (this.starts[n + 1]) + /** @type {number} */ (this.starts[n]);
    const next = this.starts.slice();
    for (let n = 0; n < points.count; n += 1) {
      const cell = /** @type {number} */ (cellOf[n]);
      this.order[/** @type {number} */ (next[cell])] = n;
      next[cell] = /** @type {number} */ (next[cell]) + 1;
    }
  }

  /** @param {number} x @param {number} y in 0 to 65535 */
  cell(x, y) {
    const [column, row] = [Math.floor((x * this.side) / 65536), Math.floor((y * this.side) / 65536)];
    return row * this.side + column;
  }

  /** Points of the cells that a rectangle touches. @param {number} u0 @param {number} v0 @param {number} u1 @param {number} v1 in [0, 1]
   * @param {(n: number, u: number, v: number) => boolean | void} each gives true to stop */
  within(u0, v0, u1, v1, each) {
    const clip = (/** @type {number} */ x) => Math.min(Math.max(Math.floor(x * this.side), 0), this.side - 1);
    for (let row = clip(v0); row <= clip(v1); row += 1) {
      const from = /** @type {number} */ (this.starts[row * this.side + clip(u0)]);
      const until = /** @type {number} */ (this.starts[row * this.side + clip(u1) + 1]);
      for (let k = from; k < until; k += 1) {
        const n = /** @type {number} */ (this.order[k]);
        const [u, v] = [/** @type {number} */ (this.points.x[n]) / 65535, /** @type {number} */ (this.points.y[n]) / 65535];
        if (u >= u0 && u <= u1 && v >= v0 && v <= v1 && each(n, u, v)) return;
      }
    }
  }

  /** The point nearest to a pixel, not farther than `reach` pixels. @param {View} view @param {number} px @param {number} py @param {number} reach */
  nearest(view, px, py, reach) {
    const [u, v] = view.place(px, py);
    const far = reach / view.scale;
    let [best, least] = [-1, far * far];
    this.within(u - far, v - far, u + far, v + far, (n, a, b) => {
      const apart = (a - u) * (a - u) + (b - v) * (b - v);
      if (apart <= least) [best, least] = [n, apart];
    });
    return best;
  }
}

/** Whether a place lies within a line around an area. @param {[number, number][]} area @param {number} u @param {number} v */
export function inside(area, u, v) {
  let is = false;
  for (let n = 0, m = area.length - 1; n < area.length; m = n, n += 1) {
    const [[ax, ay], [bx, by]] = [/** @type {[number, number]} */ (area[n]), /** @type {[number, number]} */ (area[m])];
    if (ay > v !== by > v && u < ((bx - ax) * (v - ay)) / (by - ay) + ax) is = !is;
  }
  return is;
}
