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
  Mesh,
  OrthographicCamera,
  Points,
  Scene,
  ShaderMaterial,
  Vector2,
  Vector3,
  WebGLRenderer,
} from 'three'
import { Columns } from './columns.ts'
import { flightWidths, linkWidths, markWidths, type Packed } from './drawn.ts'
import { lineShader, markShader, pointShader } from './topology-shaders.ts'

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
  readonly #marks = new Columns(markWidths, marksMax)
  readonly #links = new Columns(linkWidths, linksMax)
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
    for (const [name, width] of Object.entries(flightWidths)) {
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

  show(marks: Packed<typeof markWidths>, links: Packed<typeof linkWidths>): void {
    this.#marks.fill(marks)
    this.#links.fill(links)
    this.draw()
  }

  /** Messages that leave now. The oldest make room. */
  launch({ count, columns }: Packed<typeof flightWidths>): void {
    if (count === 0) return
    const now = performance.now()
    const when = columns.aWhen
    for (let n = 0; n < when.length; n += 2) {
      const delayMs = when[n] ?? 0
      when[n] = now + delayMs
      this.#lastLanding = Math.max(this.#lastLanding, now + delayMs + (when[n + 1] ?? 0))
    }
    // What does not fit before the end of the ring goes on at its beginning.
    const fits = Math.min(count, flightsMax - this.#nextFlight)
    this.#put(columns, 0, fits, this.#nextFlight)
    if (count > fits) this.#put(columns, fits, Math.min(count, flightsMax), 0)
    this.#nextFlight = (this.#nextFlight + count) % flightsMax
    this.draw()
  }

  #put(columns: Packed<typeof flightWidths>['columns'], from: number, to: number, at: number): void {
    for (const name of Object.keys(flightWidths) as (keyof typeof flightWidths)[]) {
      const attribute = this.#flights.getAttribute(name) as BufferAttribute
      const width = attribute.itemSize
      attribute.array.set(columns[name].subarray(from * width, to * width), at * width)
      attribute.addUpdateRange(at * width, (to - from) * width)
      attribute.needsUpdate = true
    }
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
    // What it holds of the graphics card goes now, and not when the canvas is collected: a browser has few such contexts.
    this.#renderer.forceContextLoss()
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
