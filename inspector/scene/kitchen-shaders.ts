/**
 * What the graphics card does for marks of the kitchen: strips of floor, rings, tickets, crosses.
 *
 * Owns:     their shapes. `vAt` goes from −1 to 1 in both directions, `vSize` is how large that is in the room.
 */
export const markShader = {
  vertexShader: `
    attribute vec3 aAt;
    attribute vec3 aSize;
    attribute vec4 aLook;
    attribute vec4 aColor;
    varying vec2 vAt;
    varying vec2 vSize;
    varying vec4 vLook;
    varying vec4 vColor;
    void main() {
      vAt = position.xy;
      vSize = aSize.xy;
      vLook = aLook;
      vColor = aColor;
      vec2 at = position.xy * aSize.xy * 0.5;
      vec3 lies = aSize.z < 0.5 ? vec3(at.x, 0.0, -at.y) : aSize.z < 1.5 ? vec3(at.x, at.y, 0.0) : vec3(0.0, at.y, -at.x);
      gl_Position = projectionMatrix * modelViewMatrix * vec4(aAt + lies, 1.0);
    }`,
  fragmentShader: `
    uniform vec3 uInk;
    uniform vec4 uEdge;
    varying vec2 vAt;
    varying vec2 vSize;
    varying vec4 vLook;
    varying vec4 vColor;
    float line(float d, float pixel, float width) {
      return 1.0 - smoothstep(width - 0.7 * pixel, width + 0.7 * pixel, abs(d));
    }
    float box(vec2 at, vec2 half_) {
      vec2 d = abs(at) - half_;
      return length(max(d, 0.0)) + min(max(d.x, d.y), 0.0);
    }
    void main() {
      float shape = vLook.x;
      float share = vLook.y;
      bool isDashed = vLook.z > 0.5;
      float lines = vLook.w;
      vec2 at = vAt * vSize * 0.5;
      float pixel = max(fwidth(at.x), fwidth(at.y));
      float far = length(vAt);
      float soft = fwidth(far);
      float turn = fract(atan(vAt.x, vAt.y) / 6.2831853 + 1.0);
      vec3 color = vColor.rgb;
      float alpha = 0.0;
      if (shape < 0.5) {
        // A strip of floor: hardly a fill, and an edge.
        float d = box(at, vSize * 0.5 - 1.6 * pixel);
        float edge = line(d, pixel, 0.9 * pixel);
        float along = abs(vAt.x) * vSize.x > vSize.x - 0.2 ? at.y : at.x;
        if (isDashed) edge *= step(0.45, fract(along * 2.2));
        alpha = max(edge, (1.0 - smoothstep(-pixel, 0.0, d)) * vColor.a);
      } else if (shape < 1.5) {
        float ring = 1.0 - smoothstep(0.07, 0.07 + soft * 1.5, abs(far - 0.88));
        if (isDashed) ring *= step(0.42, fract(turn * 12.0));
        alpha = ring * vColor.a;
      } else if (shape < 2.5) {
        // It empties clockwise, from the top.
        float ring = 1.0 - smoothstep(0.13, 0.13 + soft, abs(far - 0.78));
        float left = step(1.0 - share, turn);
        if (isDashed) left *= step(0.42, fract(turn * 9.0));
        alpha = ring * max(left, 0.16) * vColor.a;
      } else if (shape < 3.5) {
        float near = max(0.0, 1.0 - far);
        alpha = near * near * vColor.a;
      } else if (shape < 4.5) {
        alpha = (1.0 - smoothstep(0.55, 1.0, far)) * vColor.a;
      } else if (shape < 5.5) {
        // A docket: its foot is cut in teeth, its lines are its plates, dark once they stand on the pass.
        float down = (0.5 - vAt.y * 0.5) * vSize.y;
        float tooth = abs(fract(at.x / vSize.x * 4.0 + 0.5) - 0.5) * 2.0 * 0.055;
        float cut = vSize.y - down - tooth;
        if (cut < 0.0) discard;
        float rows = 0.0;
        float written = 0.0;
        float row = (down - 0.09) / 0.095;
        float index = floor(row);
        float length_ = 0.3 + 0.2 * fract(sin((index + 1.0) * 12.9898 + lines * 4.1) * 43758.5);
        if (index >= 0.0 && index < lines && cut > 0.05) {
          float inRow = step(abs(fract(row) - 0.4), 0.19) * step(at.x, (length_ - 0.42) * vSize.x * 1.6) * step(-0.4 * vSize.x, at.x);
          written = inRow * (index < share * lines - 0.01 ? 0.95 : 0.38);
        }
        float edge = max(1.0 - smoothstep(0.0, 1.6 * pixel, cut), step(vSize.x * 0.5 - 1.4 * pixel, abs(at.x)));
        color = mix(mix(color, uInk, written), uEdge.rgb, edge * uEdge.a);
        alpha = 1.0;
      } else if (shape < 6.5) {
        vec2 turned = vec2(vAt.x + vAt.y, vAt.x - vAt.y) * 0.7071;
        float cross_ = min(box(turned, vec2(0.95, 0.17)), box(turned, vec2(0.17, 0.95)));
        float soft_ = fwidth(cross_);
        color = mix(color, uInk * 0.3, smoothstep(-soft_, soft_, cross_));
        alpha = 1.0 - smoothstep(0.09 - soft_, 0.09 + soft_, cross_);
      } else if (shape < 7.5) {
        float radius = 0.25 + 0.72 * share;
        float outer = 1.0 - smoothstep(0.02, 0.02 + soft * 1.5, abs(far - radius));
        float inner = 1.0 - smoothstep(0.015, 0.015 + soft * 1.5, abs(far - radius * 0.66));
        alpha = max(outer, inner * 0.7) * vColor.a;
      } else {
        alpha = vColor.a;
      }
      if (alpha < 0.004) discard;
      gl_FragColor = vec4(color, alpha);
    }`,
}
