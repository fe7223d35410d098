/**
 * Draws the cluster: three draw calls for everything. Marks (plates, groups, actors, halos) are one instanced quad whose
 * fragment knows the shapes; links are one instanced quad each; messages are points that the graphics card moves.
 *
 * A frame is drawn when something is to be seen that was not there before: a message on its way, a camera that moves, new data.
 *
 * Owns:     the canvas, the camera and the buffers.
 * Does not: decide where anything lies (`topology-plan.ts`) or how it looks (`topology-look.ts`).
 */
import {
  BufferAttribute,
  BufferGeometry,
  DynamicDrawUsage,
  InstancedBufferAttribute,
  InstancedBufferGeometry,
  Mesh,
  OrthographicCamera,
  Points,
  Scene,
  ShaderMaterial,
  Vector2,
  Vector3,
  WebGLRenderer,
} from 'three'
import { lineShader, markShader, pointShader } from './topology-shaders.ts'

/** Numbers of the shapes that the fragment of a mark knows. */
export const shapes = [
  'docket',
  'square',
  'diamond',
  'disc',
  'plate',
  'group',
  'cross',
  'dot',
  'halo',
] as const
export type Shape = (typeof shapes)[number]
export const fills = ['solid', 'waiting', 'rest', 'dashed', 'dotted'] as const
export type Fill = (typeof fills)[number]

export type Rgb = readonly [red: number, green: number, blue: number]

export interface Mark {
  readonly x: number
  readonly y: number
  readonly r: number
  readonly shape: Shape
  readonly fill: Fill
  readonly color: Rgb
  readonly alpha: number
}

export interface Link {
  readonly from: readonly [x: number, y: number]
  readonly to: readonly [x: number, y: number]
  /** In pixels. */
  readonly width: number
  readonly color: Rgb
  readonly alpha: number
  readonly isDashed: boolean
}

/** Of a message: dot, ring, bar, cross. Then, of an actor: rings that grow where it is. */
export type PointKind = 0 | 1 | 2 | 3 | 4
export interface Flight {
  readonly from: readonly [x: number, y: number]
  readonly to: readonly [x: number, y: number]
  readonly delayMs: number
  readonly forMs: number
  readonly color: Rgb
  readonly kind: PointKind
}

const marksMax = 8_000
const linksMax = 2_000
const flightsMax = 20_000
/** Of the camera over the plane, when the picture is tilted. */
const elevation = (31 / 180) * Math.PI
const cameraMs = 450

interface View {
  readonly x: number
  readonly y: number
  /** Pixels for each unit. */
  readonly zoom: number
  /** 0: from above; 1: tilted. */
  readonly tilt: number
}

interface Goal {
  readonly from: View
  readonly to: View
  readonly since: number
}

export class TopologyScene {
  /** Called after each frame: what lies over the canvas has to follow. */
  onFrame: () => void = () => {}
  readonly #renderer: WebGLRenderer
  readonly #scene = new Scene()
  readonly #camera = new OrthographicCamera(-1, 1, 1, -1, 0.1, 20_000)
  readonly #marks = new Columns({ aAt: 3, aLook: 4, aColor: 3 }, marksMax)
  readonly #links = new Columns({ aFrom: 2, aTo: 2, aStyle: 3, aColor: 3 }, linksMax)
  readonly #flights = new BufferGeometry()
  readonly #uniforms = {
    uTime: { value: 0 },
    uPixels: { value: new Vector2(1, 1) },
    uRatio: { value: 1 },
    uLift: { value: 0 },
  }
  #view: View = { x: 0, y: 0, zoom: 1, tilt: 0 }
  #goal: Goal | undefined
  #width = 1
  #height = 1
  #nextFlight = 0
  #lastLanding = 0
  #frame = 0

  /** @throws Error when the browser draws no WebGL. */
  constructor(canvas: HTMLCanvasElement) {
    // Asked for here, because the renderer complains to the console when there is none.
    const context = canvas.getContext('webgl2', { antialias: true, alpha: true, premultipliedAlpha: true })
    if (context === null) throw new Error('This browser draws no WebGL here.')
    this.#renderer = new WebGLRenderer({ canvas, context })
    const plain = { transparent: true, depthTest: false, depthWrite: false, uniforms: this.#uniforms }
    for (const [n, drawn] of [
      new Mesh(this.#marks.geometry, new ShaderMaterial({ ...plain, ...markShader })),
      new Mesh(this.#links.geometry, new ShaderMaterial({ ...plain, ...lineShader })),
      new Points(this.#flights, new ShaderMaterial({ ...plain, ...pointShader })),
    ].entries()) {
      drawn.frustumCulled = false
      drawn.renderOrder = n
      this.#scene.add(drawn)
    }
    for (const [name, width] of Object.entries({ position: 3, aTo: 2, aWhen: 2, aColor: 3, aKind: 1 })) {
      const attribute = new BufferAttribute(new Float32Array(flightsMax * width), width)
      this.#flights.setAttribute(name, attribute.setUsage(DynamicDrawUsage))
    }
  }

  get view(): View {
    return this.#view
  }

  /** Of the last frame, for a test of what is promised. */
  get drawCalls(): number {
    return this.#renderer.info.render.calls
  }

  resize(width: number, height: number, ratio: number): void {
    this.#width = Math.max(1, width)
    this.#height = Math.max(1, height)
    this.#renderer.setPixelRatio(ratio)
    this.#renderer.setSize(this.#width, this.#height, false)
    this.#uniforms.uPixels.value.set(this.#width, this.#height)
    this.#uniforms.uRatio.value = ratio
    this.draw()
  }

  show(marks: readonly Mark[], links: readonly Link[]): void {
    this.#marks.fill(marks, ({ x, y, r, shape, fill, color, alpha }, put) => {
      put('aAt', x, y, r)
      put('aLook', shapes.indexOf(shape), fills.indexOf(fill), alpha, 0)
      put('aColor', ...color)
    })
    this.#links.fill(links, ({ from, to, width, alpha, isDashed, color }, put) => {
      put('aFrom', ...from)
      put('aTo', ...to)
      put('aStyle', width, alpha, isDashed ? 1 : 0)
      put('aColor', ...color)
    })
    this.draw()
  }

  /** Messages that leave now. The oldest make room. */
  launch(flights: readonly Flight[]): void {
    const now = performance.now()
    const { position, aTo, aWhen, aColor, aKind } = this.#flights.attributes as Record<
      string,
      BufferAttribute
    >
    for (const { from, to, delayMs, forMs, color, kind } of flights) {
      const n = this.#nextFlight
      this.#nextFlight = (n + 1) % flightsMax
      position?.setXYZ(n, from[0], from[1], 0)
      aTo?.setXY(n, to[0], to[1])
      aWhen?.setXY(n, now + delayMs, forMs)
      aColor?.setXYZ(n, ...color)
      aKind?.setX(n, kind)
      this.#lastLanding = Math.max(this.#lastLanding, now + delayMs + forMs)
    }
    if (flights.length === 0) return
    for (const attribute of [position, aTo, aWhen, aColor, aKind]) if (attribute) attribute.needsUpdate = true
    this.draw()
  }

  /** Shows so much of the picture, with room around it. */
  fit(width: number, height: number, isAtOnce = false): void {
    const { tilt } = this.#goal?.to ?? this.#view
    const flat = tilt > 0.5 ? Math.sin(elevation) : 1
    const zoom = Math.min(this.#width / (width * 1.08), this.#height / (height * flat * 1.12))
    this.#moveTo({ x: 0, y: 0, zoom, tilt }, isAtOnce)
  }

  tilt(isTilted: boolean, isAtOnce = false): void {
    this.#moveTo({ ...this.#view, tilt: isTilted ? 1 : 0 }, isAtOnce)
  }

  /** In pixels. */
  panBy(right: number, down: number): void {
    const { x, y, zoom, ...view } = this.#view
    this.#moveTo({ ...view, zoom, x: x - right / zoom, y: y + down / (zoom * this.#foreshortening()) }, true)
  }

  /** The point under these pixels stays there. */
  zoomAt(factor: number, pixelX: number, pixelY: number): void {
    const zoom = Math.min(60, Math.max(0.2, this.#view.zoom * factor))
    const [x, y] = this.pointAt(pixelX, pixelY)
    const share = this.#view.zoom / zoom
    this.#moveTo(
      { ...this.#view, zoom, x: x + (this.#view.x - x) * share, y: y + (this.#view.y - y) * share },
      true,
    )
  }

  /** Where a point of the plane is on the canvas, in pixels. */
  pixelsOf(x: number, y: number): readonly [x: number, y: number] {
    const { zoom } = this.#view
    return [
      this.#width / 2 + (x - this.#view.x) * zoom,
      this.#height / 2 - (y - this.#view.y) * zoom * this.#foreshortening(),
    ]
  }

  pointAt(pixelX: number, pixelY: number): readonly [x: number, y: number] {
    const { x, y, zoom } = this.#view
    return [
      x + (pixelX - this.#width / 2) / zoom,
      y - (pixelY - this.#height / 2) / (zoom * this.#foreshortening()),
    ]
  }

  /** Draws before the screen is drawn next. */
  draw(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame((now) => this.#drawNow(now))
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = -1
    this.#renderer.dispose()
  }

  #moveTo(to: View, isAtOnce: boolean): void {
    if (isAtOnce || matchMedia('(prefers-reduced-motion: reduce)').matches) {
      this.#goal = undefined
      this.#view = to
    } else this.#goal = { from: this.#view, to, since: performance.now() }
    this.draw()
  }

  /** How much shorter the plane looks from the camera, from the front to the back. */
  #foreshortening(): number {
    return Math.cos(this.#tiltAngle())
  }

  #tiltAngle(): number {
    return this.#view.tilt * (Math.PI / 2 - elevation)
  }

  #drawNow(now: number): void {
    this.#frame = 0
    if (this.#goal !== undefined) this.#follow(this.#goal, now)
    const { x, y, zoom, tilt } = this.#view
    const angle = this.#tiltAngle()
    const [halfWidth, halfHeight] = [this.#width / 2 / zoom, this.#height / 2 / zoom]
    Object.assign(this.#camera, { left: -halfWidth, right: halfWidth, top: halfHeight, bottom: -halfHeight })
    this.#camera.position.set(x, y - Math.sin(angle) * 8_000, Math.cos(angle) * 8_000)
    this.#camera.up.set(0, Math.cos(angle), Math.sin(angle))
    this.#camera.lookAt(new Vector3(x, y, 0))
    this.#camera.updateProjectionMatrix()
    this.#uniforms.uTime.value = performance.now()
    this.#uniforms.uLift.value = tilt
    this.#renderer.render(this.#scene, this.#camera)
    this.onFrame()
    if (this.#goal !== undefined || performance.now() < this.#lastLanding) this.draw()
  }

  #follow({ from, to, since }: Goal, now: number): void {
    const share = Math.min(1, Math.max(0, (now - since) / cameraMs))
    const eased = 1 - (1 - share) ** 3
    const between = (a: number, b: number): number => a + (b - a) * eased
    this.#view = {
      x: between(from.x, to.x),
      y: between(from.y, to.y),
      zoom: from.zoom * (to.zoom / from.zoom) ** eased,
      tilt: between(from.tilt, to.tilt),
    }
    if (share === 1) this.#goal = undefined
  }
}

/** A quad, and for each instance of it some numbers. */
class Columns<Name extends string> {
  readonly geometry = new InstancedBufferGeometry()
  readonly #columns: ReadonlyMap<Name, InstancedBufferAttribute>
  readonly #max: number

  constructor(widths: Readonly<Record<Name, number>>, max: number) {
    this.#max = max
    const corners = new Float32Array([-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0])
    this.geometry.setAttribute('position', new BufferAttribute(corners, 3))
    this.geometry.setIndex([0, 1, 2, 0, 2, 3])
    this.geometry.instanceCount = 0
    this.#columns = new Map(
      (Object.entries(widths) as [Name, number][]).map(([name, width]) => {
        const attribute = new InstancedBufferAttribute(new Float32Array(max * width), width)
        this.geometry.setAttribute(name, attribute.setUsage(DynamicDrawUsage))
        return [name, attribute]
      }),
    )
  }

  fill<Row>(
    rows: readonly Row[],
    write: (row: Row, put: (name: Name, ...values: readonly number[]) => void) => void,
  ): void {
    const count = Math.min(rows.length, this.#max)
    let n = 0
    const put = (name: Name, ...values: readonly number[]): void => {
      const column = this.#columns.get(name)
      column?.array.set(values, n * column.itemSize)
    }
    for (; n < count; n += 1) {
      const row = rows[n]
      if (row !== undefined) write(row, put)
    }
    this.geometry.instanceCount = count
    for (const column of this.#columns.values()) column.needsUpdate = true
  }
}
