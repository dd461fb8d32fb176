// Runs models in WebAssembly and holds their logits, by Flex and through the engine, to PyTorch's (fixtures/parity/eval*.json).
//
//     node tests/wasm/smoke.mjs MODULE.wasm [LANES]
//
// LANES is how many numbers the kernels must compute side by side: 4 with simd128.
import { readFileSync, readdirSync } from 'node:fs';
import { randomFillSync } from 'node:crypto';

const MODELS = ['lenet5', 'resnet20_cifar', 'squeezenet1_1', 'efficientnet_b0'];
// Of the largest logit.
const TOLERANCE = 1e-4;

const [module, lanes] = process.argv.slice(2);
const folder = new URL('../fixtures/parity/', import.meta.url);
const references = readdirSync(folder)
  .filter((file) => /^eval.*\.json$/.test(file))
  .flatMap((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')));

const bytes = (from, len) => new Uint8Array(instance.exports.memory.buffer, from, len);
const host = {
  random_byte: () => randomFillSync(new Uint8Array(1))[0],
  say: (from, len) => console.error(new TextDecoder().decode(bytes(from, len))),
};
const compiled = new WebAssembly.Module(readFileSync(module));
// Bindings of crates that could call a browser are declared, and never called.
const imports = { host };
for (const { module, name, kind } of WebAssembly.Module.imports(compiled)) {
  if (module === 'host' || kind !== 'function') continue;
  (imports[module] ??= {})[name] = () => { throw new Error(`${module}.${name} was called`); };
}
const instance = new WebAssembly.Instance(compiled, imports);
const { name, run, logits, lanes: found } = instance.exports;

// Small pictures: the smallest reference of each model.
const pixels = ({ input }) => input.reduce((a, b) => a * b);
let failed = lanes !== undefined && found() !== Number(lanes);
console.log(`kernels of ${found()} lanes${failed ? `, not ${lanes}` : ''}`);
for (const model of MODELS) {
  const [reference] = references.filter((r) => r.name === model && r.salt === 'zoo' && !r.shift).sort((a, b) => pixels(a) - pixels(b));
  const text = new TextEncoder().encode(model);
  const to = name(text.length);
  bytes(to, text.length).set(text);
  const begun = performance.now();
  const count = run(...reference.input, reference.gain ?? 1);
  if (count !== reference.outputs * reference.input[0]) {
    console.log(`${model}: no logits`);
    failed = true;
    continue;
  }
  const all = new Float32Array(instance.exports.memory.buffer, logits(), 2 * count);
  const errors = [0, count].map((start) => Math.max(...reference.logits.flatMap((row, picture) =>
    row.map((want, i) => Math.abs(all[start + picture * reference.outputs + i] - want)))) / reference.max_abs);
  // Not a number is no agreement either.
  const good = errors.every((error) => error < TOLERANCE);
  failed ||= !good;
  const [flex, engine] = errors.map((error) => error.toExponential(1));
  console.log(`${model}: ${flex} of the largest logit by Flex, ${engine} through the engine, ${Math.round(performance.now() - begun)} ms${good ? '' : ': too far'}`);
}
process.exitCode = failed ? 1 : 0;
