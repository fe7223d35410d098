/**
 * Draws the kitchen: one draw call for each kind of body, one for what lies on the floor and one for what stands upright.
 *
 * A frame is drawn when something is to be seen that was not there before. Shadows are cast anew with the bodies, not with
 * each frame.
 *
 * Owns:     the canvas, the lights, the way of looking and the buffers.
 * Does not: decide where anything stands (`kitchen-plan.ts`) or how it looks (`kitchen-look.ts`).
 */
import {
  BoxGeometry,
  type BufferGeometry,
  Color,
  CylinderGeometry,
  DirectionalLight,
  Euler,
  HemisphereLight,
  InstancedMesh,
  type Material,
  Matrix4,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  OrthographicCamera,
  PCFShadowMap,
  Quaternion,
  Scene,
  ShaderMaterial,
  SphereGeometry,
  SRGBColorSpace,
  Vector3,
  Vector4,
  WebGLRenderer,
} from 'three'
import { Columns } from './columns.ts'
import { packed, type Rgb } from './drawn.ts'
import { type Look, type Mark, marks, type Solid, shapes } from './kitchen-drawn.ts'
import type { KitchenPlan } from './kitchen-plan.ts'
import { markShader } from './kitchen-shaders.ts'
import { type Frame, towards, type View } from './kitchen-view.ts'

const instancesMax: Readonly<Record<Solid['shape'], number>> = {
  box: 6_000,
  cylinder: 2_000,
  sphere: 1_000,
  glow: 4_000,
  glass: 400,
}
const marksMax = 1_200
const cardsMax = 400
const cameraMs = 450
const zooms = { least: 6, most: 160 }
const facing = ['up', 'front', 'right'] as const

/** How bright it is: a room at night, or a tiled one by day. */
export interface Light {
  readonly sun: number
  readonly sky: number
  readonly skyColor: Rgb
  readonly groundColor: Rgb
  readonly shadow: number
}

interface Goal {
  readonly from: View
  readonly to: View
  readonly since: number
}

export class KitchenScene {
  /** Called before each frame: whether what is shown goes on moving. */
  onFrame: (now: number) => boolean = () => false
  /** Called after each frame: what lies over the canvas has to follow. */
  onDrawn: () => void = () => {}
  readonly #renderer: WebGLRenderer
  readonly #scene = new Scene()
  readonly #camera = new OrthographicCamera(-1, 1, 1, -1, 0.1, 400)
  readonly #solids: Readonly<Record<Solid['shape'], InstancedMesh>>
  readonly #marks = markColumns(marksMax)
  readonly #cards = markColumns(cardsMax)
  readonly #uniforms = { uInk: { value: new Vector3() }, uEdge: { value: new Vector4() } }
  readonly #sun = new DirectionalLight(0xffffff, 1)
  readonly #sky = new HemisphereLight(0xffffff, 0x000000, 1)
  readonly #isStill = matchMedia('(prefers-reduced-motion: reduce)')
  #view: View = { x: 0, y: 0, zoom: 30 }
  #goal: Goal | undefined
  #size: Frame = { width: 1, height: 1 }
  #frame = 0
  #stand = Number.NaN
  /** How many instances of each body never change. */
  readonly #fixed = new Map<Solid['shape'], number>()

  /** @throws Error when the browser draws no WebGL. */
  constructor(canvas: HTMLCanvasElement) {
    // Asked for here, because the renderer complains to the console when there is none.
    const context = canvas.getContext('webgl2', { antialias: true, alpha: true, premultipliedAlpha: true })
    if (context === null) throw new Error('This browser draws no WebGL here.')
    this.#renderer = new WebGLRenderer({ canvas, context })
    this.#renderer.shadowMap.enabled = true
    this.#renderer.shadowMap.type = PCFShadowMap
    this.#renderer.shadowMap.autoUpdate = false
    const lit = new MeshLambertMaterial()
    this.#solids = {
      box: this.#instanced(new BoxGeometry(1, 1, 1), lit, instancesMax.box),
      cylinder: this.#instanced(new CylinderGeometry(0.5, 0.5, 1, 20), lit, instancesMax.cylinder),
      sphere: this.#instanced(new SphereGeometry(0.5, 14, 10), lit, instancesMax.sphere),
      glow: this.#instanced(new BoxGeometry(1, 1, 1), new MeshBasicMaterial(), instancesMax.glow),
      glass: this.#instanced(
        new BoxGeometry(1, 1, 1),
        new MeshBasicMaterial({ transparent: true, opacity: 0.1, depthWrite: false }),
        instancesMax.glass,
      ),
    }
    for (const shape of ['box', 'cylinder', 'sphere'] as const) {
      this.#solids[shape].castShadow = true
      this.#solids[shape].receiveShadow = true
    }
    for (const [geometry, isCard] of [
      [this.#marks.geometry, false],
      [this.#cards.geometry, true],
    ] as const) {
      const drawn = new Mesh(
        geometry,
        new ShaderMaterial({
          ...markShader,
          uniforms: this.#uniforms,
          transparent: !isCard,
          depthWrite: isCard,
          polygonOffset: !isCard,
          polygonOffsetFactor: -1,
          polygonOffsetUnits: -1,
        }),
      )
      drawn.frustumCulled = false
      drawn.renderOrder = isCard ? 0 : 1
      this.#scene.add(drawn)
    }
    this.#solids.glass.renderOrder = 2
    this.#sun.castShadow = true
    this.#sun.shadow.mapSize.set(2_048, 2_048)
    this.#sun.shadow.bias = -0.0004
    this.#sun.shadow.normalBias = 0.03
    this.#scene.add(this.#sun, this.#sun.target, this.#sky)
  }

  get view(): View {
    return this.#view
  }

  get size(): Frame {
    return this.#size
  }

  /** Of the last frame, for a test of what is promised. */
  get drawCalls(): number {
    return this.#renderer.info.render.calls
  }

  light({ sun, sky, skyColor, groundColor, shadow }: Light, ink: Rgb, edge: Rgb | undefined): void {
    this.#sun.intensity = sun
    this.#sun.shadow.intensity = shadow
    this.#sky.intensity = sky
    this.#sky.color.setRGB(...skyColor)
    this.#sky.groundColor.setRGB(...groundColor)
    this.#uniforms.uInk.value.set(...ink)
    this.#uniforms.uEdge.value.set(...(edge ?? ink), edge === undefined ? 0 : 1)
  }

  resize(width: number, height: number, ratio: number): void {
    this.#size = { width: Math.max(1, width), height: Math.max(1, height) }
    this.#renderer.setPixelRatio(ratio)
    this.#renderer.setSize(this.#size.width, this.#size.height, false)
  }

  /** What stands still, until it is told again. */
  build({ width, depth }: KitchenPlan, room: readonly Solid[]): void {
    for (const shape of shapes) {
      const bodies = room.filter((solid) => solid.shape === shape)
      this.#fixed.set(shape, this.#put(shape, bodies, 0))
    }
    this.#stand = Number.NaN
    const half = Math.hypot(width, depth) / 2 + 2
    this.#sun.position.set(depth * 0.55, half * 1.15, depth * 0.95)
    Object.assign(this.#sun.shadow.camera, {
      left: -half,
      right: half,
      top: half,
      bottom: -half,
      near: 1,
      far: 5 * half,
    })
    this.#sun.shadow.camera.updateProjectionMatrix()
    this.draw()
  }

  show({ solids, marks: onFloor, cards, bodies }: Look): void {
    for (const shape of shapes) {
      const bodies = solids.filter((solid) => solid.shape === shape)
      this.#solids[shape].count = this.#put(shape, bodies, this.#fixed.get(shape) ?? 0)
    }
    this.#marks.fill(packedMarks(onFloor))
    this.#cards.fill(packedMarks(cards))
    // Who glows more casts no other shadow.
    const stand = bodies.reduce(
      (all, { box: { min, max } }) => all + min[0] * 3 + min[2] * 7 + max[1],
      solids.length,
    )
    if (stand === this.#stand) return
    this.#stand = stand
    this.#renderer.shadowMap.needsUpdate = true
  }

  moveTo(to: View, isAtOnce = false): void {
    const zoom = Math.min(zooms.most, Math.max(zooms.least, to.zoom))
    if (isAtOnce || this.#isStill.matches) {
      this.#goal = undefined
      this.#view = { ...to, zoom }
    } else this.#goal = { from: this.#view, to: { ...to, zoom }, since: performance.now() }
    this.draw()
  }

  /** In pixels. */
  panBy(right: number, down: number): void {
    const { x, y, zoom } = this.#view
    this.moveTo({ x: x - right / zoom, y: y + down / zoom, zoom }, true)
  }

  /** The point under these pixels stays there. */
  zoomAt(factor: number, pixelX: number, pixelY: number): void {
    const zoom = Math.min(zooms.most, Math.max(zooms.least, this.#view.zoom * factor))
    const { width, height } = this.#size
    const [right, up] = [pixelX - width / 2, height / 2 - pixelY]
    const less = 1 / this.#view.zoom - 1 / zoom
    this.moveTo({ x: this.#view.x + right * less, y: this.#view.y + up * less, zoom }, true)
  }

  /** Draws at once: a canvas that was resized is empty. */
  drawNow(): void {
    cancelAnimationFrame(this.#frame)
    this.#drawNow(performance.now())
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

  #instanced(geometry: BufferGeometry, material: Material, max: number): InstancedMesh {
    const mesh = new InstancedMesh(geometry, material, max)
    mesh.frustumCulled = false
    mesh.count = 0
    mesh.setColorAt(0, new Color())
    this.#scene.add(mesh)
    return mesh
  }

  /** Returns how many there are with these. */
  #put(shape: Solid['shape'], solids: readonly Solid[], from: number): number {
    const mesh = this.#solids[shape]
    const count = Math.min(instancesMax[shape], from + solids.length)
    for (let n = from; n < count; n += 1) {
      const { at, size, color, turn } = solids[n - from] as Solid
      rotation.setFromEuler(angles.set(turn?.[0] ?? 0, 0, turn?.[1] ?? 0))
      mesh.setMatrixAt(n, matrix.compose(place.set(...at), rotation, scale.set(...size)))
      mesh.setColorAt(n, tint.setRGB(...color, SRGBColorSpace))
    }
    mesh.instanceMatrix.needsUpdate = true
    if (mesh.instanceColor !== null) mesh.instanceColor.needsUpdate = true
    return count
  }

  #drawNow(now: number): void {
    this.#frame = 0
    if (this.#goal !== undefined) this.#follow(this.#goal, now)
    const goesOn = this.onFrame(now)
    const { x, y, zoom } = this.#view
    const [halfWidth, halfHeight] = [this.#size.width / 2 / zoom, this.#size.height / 2 / zoom]
    Object.assign(this.#camera, {
      left: x - halfWidth,
      right: x + halfWidth,
      top: y + halfHeight,
      bottom: y - halfHeight,
    })
    this.#camera.position.set(...towards).multiplyScalar(150)
    this.#camera.lookAt(0, 0, 0)
    this.#camera.updateProjectionMatrix()
    this.#renderer.render(this.#scene, this.#camera)
    this.onDrawn()
    if (this.#goal !== undefined || goesOn) this.draw()
  }

  #follow({ from, to, since }: Goal, now: number): void {
    const share = Math.min(1, Math.max(0, (now - since) / cameraMs))
    const eased = 1 - (1 - share) ** 3
    this.#view = {
      x: from.x + (to.x - from.x) * eased,
      y: from.y + (to.y - from.y) * eased,
      zoom: from.zoom * (to.zoom / from.zoom) ** eased,
    }
    if (share === 1) this.#goal = undefined
  }
}

const [matrix, rotation, angles] = [new Matrix4(), new Quaternion(), new Euler()]
const [place, scale, tint] = [new Vector3(), new Vector3(), new Color()]

const markWidths = { aAt: 3, aSize: 3, aLook: 4, aColor: 4 } as const
const markColumns = (max: number) => new Columns(markWidths, max)
const packedMarks = (all: readonly Mark[]) =>
  packed(
    markWidths,
    all,
    ({ shape, at, size, color, alpha, share = 0, isDashed = false, lines = 0, faces }) => ({
      aAt: at,
      aSize: [...size, facing.indexOf(faces)],
      aLook: [marks.indexOf(shape), share, isDashed ? 1 : 0, lines],
      aColor: [...color, alpha],
    }),
  )
