/**
 * What the graphics card does for the picture of the cluster.
 *
 * Owns:     the shapes of marks as distances (negative inside), how fills look, links of a width in pixels, and how a
 *           message gets from one end to the other.
 */

/** A mark is drawn a little larger than it is, so that its soft edge has room. */
const room = '1.2'

export const markShader = {
  vertexShader: `
    attribute vec3 aAt;
    attribute vec4 aLook;
    attribute vec3 aColor;
    varying vec2 vAt;
    varying vec4 vLook;
    varying vec3 vColor;
    void main() {
      vAt = position.xy * ${room};
      vLook = aLook;
      vColor = aColor;
      gl_Position = projectionMatrix * modelViewMatrix * vec4(aAt.xy + vAt * aAt.z, 0.0, 1.0);
    }`,
  fragmentShader: `
    varying vec2 vAt;
    varying vec4 vLook;
    varying vec3 vColor;
    float box(vec2 at, vec2 half_) {
      vec2 d = abs(at) - half_;
      return length(max(d, 0.0)) + min(max(d.x, d.y), 0.0);
    }
    float distanceTo(float shape, vec2 at) {
      if (shape < 0.5) {
        // A docket: straight above, teeth at its foot.
        float teeth = abs(fract(at.x * 1.5) - 0.5) * 0.45;
        return max(box(at, vec2(0.66, 0.92)), -(at.y + 0.92 - teeth));
      }
      if (shape < 1.5) return box(at, vec2(0.78));
      if (shape < 2.5) return (abs(at.x) + abs(at.y) - 1.0) * 0.7071;
      if (shape > 5.5 && shape < 6.5) {
        vec2 turned = vec2(at.x + at.y, at.x - at.y) * 0.7071;
        return min(box(turned, vec2(1.0, 0.2)), box(turned, vec2(0.2, 1.0)));
      }
      if (shape > 6.5 && shape < 7.5) return length(at) - 0.34;
      return length(at) - 1.0;
    }
    void main() {
      float shape = vLook.x;
      float d = distanceTo(shape, vAt);
      float pixel = fwidth(vAt.x) * 0.5 + fwidth(vAt.y) * 0.5;
      float inside = 1.0 - smoothstep(-pixel, pixel * 0.5, d);
      float turn = atan(vAt.y, vAt.x) / 6.2831853;
      float alpha;
      if (shape > 3.5 && shape < 4.5) {
        // A plate: a rim of two pixels, and hardly a fill; old, none; broken, the rim is in shards.
        float rim = 1.0 - smoothstep(pixel * 0.6, pixel * 1.4, abs(d + pixel * 1.2));
        float shard = vLook.y > 2.5 ? step(0.35, fract(turn * 9.0 + 0.1)) : 1.0;
        alpha = max(rim * shard, inside * (vLook.y > 1.5 ? 0.0 : 0.05));
      } else if (shape > 4.5 && shape < 5.5) {
        alpha = 1.0 - smoothstep(pixel * 0.5, pixel * 1.2, abs(d + pixel));
      } else if (shape > 7.5) {
        alpha = inside;
      } else {
        float edge = inside * smoothstep(-pixel * 2.6, -pixel * 1.4, d);
        float dash = vLook.y > 3.5 ? step(0.5, fract(turn * 12.0)) : vLook.y > 2.5 ? step(0.4, fract(turn * 7.0)) : 1.0;
        alpha = vLook.y < 0.5 ? inside
          : vLook.y < 1.5 ? max(edge, inside * 0.28)
          : vLook.y < 2.5 ? edge * 0.55
          : edge * dash;
      }
      if (alpha * vLook.z < 0.004) discard;
      gl_FragColor = vec4(vColor, alpha * vLook.z);
    }`,
}

export const lineShader = {
  vertexShader: `
    attribute vec2 aFrom;
    attribute vec2 aTo;
    attribute vec3 aStyle;
    attribute vec3 aColor;
    uniform vec2 uPixels;
    varying vec3 vStyle;
    varying vec3 vColor;
    varying float vAlong;
    varying float vAcross;
    void main() {
      vec4 from = projectionMatrix * modelViewMatrix * vec4(aFrom, 0.0, 1.0);
      vec4 to = projectionMatrix * modelViewMatrix * vec4(aTo, 0.0, 1.0);
      vec2 along = (to.xy - from.xy) * uPixels * 0.5;
      float pixels = max(length(along), 0.001);
      vec2 across = vec2(-along.y, along.x) / pixels;
      vec4 at = position.x < 0.0 ? from : to;
      at.xy += across * position.y * (aStyle.x * 0.5 + 1.0) / (uPixels * 0.5);
      vStyle = aStyle;
      vColor = aColor;
      vAlong = (position.x * 0.5 + 0.5) * pixels;
      vAcross = position.y * (aStyle.x * 0.5 + 1.0);
      gl_Position = at;
    }`,
  fragmentShader: `
    varying vec3 vStyle;
    varying vec3 vColor;
    varying float vAlong;
    varying float vAcross;
    void main() {
      float soft = 1.0 - smoothstep(vStyle.x * 0.5 - 0.5, vStyle.x * 0.5 + 0.7, abs(vAcross));
      float dash = vStyle.z > 0.5 ? step(0.45, fract(vAlong / 9.0)) : 1.0;
      gl_FragColor = vec4(vColor, vStyle.y * soft * dash);
    }`,
}

export const pointShader = {
  vertexShader: `
    attribute vec2 aTo;
    attribute vec2 aWhen;
    attribute vec3 aColor;
    attribute float aKind;
    uniform float uTime;
    uniform float uRatio;
    uniform float uLift;
    varying vec3 vColor;
    varying float vKind;
    varying float vShare;
    void main() {
      float share = (uTime - aWhen.x) / max(aWhen.y, 1.0);
      vColor = aColor;
      vKind = aKind;
      vShare = clamp(share, 0.0, 1.0);
      vec2 at = mix(position.xy, aTo, clamp(share, 0.0, 1.0));
      float height = sin(clamp(share, 0.0, 1.0) * 3.14159265) * distance(position.xy, aTo) * 0.18 * uLift;
      gl_Position = projectionMatrix * modelViewMatrix * vec4(at, height, 1.0);
      bool isOnItsWay = aWhen.y > 0.0 && share > 0.0 && share < 1.0;
      gl_PointSize = isOnItsWay ? (aKind > 3.5 ? mix(10.0, 40.0, vShare) : 7.0) * uRatio : 0.0;
      if (!isOnItsWay) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    }`,
  fragmentShader: `
    varying vec3 vColor;
    varying float vKind;
    varying float vShare;
    void main() {
      vec2 at = gl_PointCoord * 2.0 - 1.0;
      float far = length(at);
      float alpha = 1.0 - smoothstep(0.45, 0.62, far);
      if (vKind > 0.5 && vKind < 1.5) alpha = 1.0 - smoothstep(0.14, 0.3, abs(far - 0.55));
      if (vKind > 1.5 && vKind < 2.5) alpha = step(abs(at.x), 0.2) * step(abs(at.y), 0.75);
      if (vKind > 3.5) {
        float outer = 1.0 - smoothstep(0.03, 0.09, abs(far - 0.9));
        float inner = 1.0 - smoothstep(0.03, 0.09, abs(far - 0.6));
        alpha = (outer + inner * 0.7) * (1.0 - vShare);
      } else if (vKind > 2.5) alpha = step(min(abs(at.x - at.y), abs(at.x + at.y)), 0.3);
      if (alpha < 0.02) discard;
      gl_FragColor = vec4(vColor, alpha);
    }`,
}
