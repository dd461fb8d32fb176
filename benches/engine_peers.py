"""The engine against PyTorch, ONNX Runtime and OpenVINO, round by round on the same weights and pictures.

    cargo build -p zoo-benches --bin serve_engine
    python benches/engine_peers.py --server target/debug/serve_engine [--models resnet18,vgg16] [--batch 1,8] [--rounds 15]

Needs torch, torchvision, onnx, onnxscript, onnxruntime and openvino. All use two threads. In a round each contender runs in turn, in
random order and with a pause between, so that a noisy moment of the machine hits all. The rounds are shared by passes over all models
(three by default), since the machine's neighbours may be noisy for minutes. What is printed are medians, least and most, and ratios to
the engine.
`--memory` measures peak memory instead, each contender in a process of its own.
"""
import argparse
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

from peers import THREADS, Server, peak_mb, timed

MODELS = "alexnet,vgg16,googlenet,resnet18,resnet50,densenet121,mobilenet_v2,mobilenet_v3_large,mnasnet1_0,squeezenet1_1,efficientnet_b0,convnext_tiny"
LARGE = ("alexnet", "vgg16", "googlenet", "resnet18", "resnet50")
PEERS = "torch,channels_last,onnxruntime,openvino"
# Our operations without the engine.
SLOW = ("flex", "kernels")
# The others' numbers have 32 bits: left alone, OpenVINO takes bfloat16 where the processor has it.
OPENVINO = {"INFERENCE_NUM_THREADS": THREADS, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}


def build(name, folder):
    """The model with weights of a network that was trained: activations of the usual size, statistics that are not 0 and 1."""
    import safetensors.torch
    import torch
    import torchvision

    torch.manual_seed(0)
    options = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
    model = torchvision.models.get_model(name, **options).eval()
    for key, value in model.state_dict().items():
        if key.endswith("running_var"):
            value.copy_(torch.rand_like(value) * 0.5 + 0.75)
        elif key.endswith("running_mean"):
            value.copy_(torch.randn_like(value) * 0.1)
    path = os.path.join(folder, name + ".safetensors")
    safetensors.torch.save_file({k: v.contiguous() for k, v in model.state_dict().items()}, path)
    return model, path


def export(model, image, folder):
    import torch

    path = os.path.join(folder, "model.onnx")
    torch.onnx.export(model, (image,), path, dynamo=False, opset_version=17, do_constant_folding=True)
    return path


def contenders(name, batch, side, folder, wanted, program):
    import torch

    torch.set_num_threads(THREADS)
    model, weights = build(name, folder)
    image = torch.randn(batch, 3, side, side)
    found = {}
    if program:
        server = Server(program, name, str(batch), str(side), weights)
        found["engine"] = lambda n: server.ask(f"engine {n}")
        found["flex"] = lambda n: server.ask("flex 1")
        found["kernels"] = lambda n: server.ask("kernels 1")

    def no_grad(module, x):
        def run():
            with torch.inference_mode():
                module(x)
        return run

    if "torch" in wanted:
        found["torch"] = timed(no_grad(model, image))
    if "channels_last" in wanted:
        last = build(name, folder)[0].to(memory_format=torch.channels_last)
        found["channels_last"] = timed(no_grad(last, image.to(memory_format=torch.channels_last)))
    if "compile" in wanted:
        found["compile"] = timed(no_grad(torch.compile(model), image))
    if "onnxruntime" in wanted or "openvino" in wanted:
        path = export(model, image, folder)
        array = image.numpy()
    if "onnxruntime" in wanted:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        key = session.get_inputs()[0].name
        found["onnxruntime"] = timed(lambda: session.run(None, {key: array}))
    if "openvino" in wanted:
        import openvino

        compiled = openvino.Core().compile_model(path, "CPU", OPENVINO)
        request = compiled.create_infer_request()
        found["openvino"] = timed(lambda: request.infer({0: array}))
    return found


def measure(args):
    # All models once, then all again: a bad moment of the machine may last for minutes, longer than a model takes.
    wanted = [(name, int(batch)) for name in args.models.split(",") for batch in args.batch.split(",")]
    seen = {key: {} for key in wanted}
    for done in range(args.passes):
        for name, batch in wanted:
            with tempfile.TemporaryDirectory() as folder:
                found = contenders(name, batch, 224, folder, args.peers.split(","), args.server)
                rounds(found, batch, done, args, seen[name, batch])
            ms = {who: round(statistics.median(times), 2) for who, times in seen[name, batch].items()}
            print(f"pass {done + 1} of {args.passes}: {name}, batch {batch}: {ms}", file=sys.stderr, flush=True)
    rows = []
    for (name, batch), times in seen.items():
        rows.append({"model": name, "batch": batch, "ms": {w: statistics.median(t) for w, t in times.items()},
                     "min": {w: min(t) for w, t in times.items()}, "max": {w: max(t) for w, t in times.items()}})
        print(json.dumps(rows[-1]), flush=True)
    table(rows)


def rounds(found, batch, done, args, seen):
    """The rounds of a pass."""
    runs = 3 if batch == 1 else 1
    for run in found.values():
        run(2)
    for number in range(args.rounds * done // args.passes, args.rounds * (done + 1) // args.passes):
        # Another order in each round: threads of a contender may spin for a while after its turn.
        for who, run in random.sample(list(found.items()), len(found)):
            # These are so much slower that a few rounds say enough.
            if who in SLOW and len(seen.get(who, [])) > done:
                continue
            time.sleep(0.1)
            # The least of a few: what a pause cost the first is not counted.
            seen.setdefault(who, []).append(min(run(runs)))


def table(rows):
    """As docs/results.md has it: of the slow ones only how many times as long they take."""
    who = [w for w in (*SLOW, *PEERS.split(","), "compile") if w in rows[0]["ms"]]
    times = lambda row, w: row["ms"][w] / row["ms"]["engine"]
    mean = lambda of, rows: math.exp(statistics.fmean(math.log(of(row)) for row in rows))
    print("\n| model | batch | engine ms (least to most) | " + " | ".join(w if w in SLOW else f"{w} ms" for w in who) + " |")
    print("|---|---|---|" + "---|" * len(who))
    for row in rows:
        ours = f"{row['ms']['engine']:.2f} ({row['min']['engine']:.2f} to {row['max']['engine']:.2f})"
        cells = [f"{times(row, w):.2f}" if w in SLOW else f"{row['ms'][w]:.1f} ({times(row, w):.2f})" for w in who]
        print(f"| {row['model']} | {row['batch']} | {ours} | " + " | ".join(cells) + " |")
    print("| geometric mean | | | " + " | ".join(f"{mean(lambda row: times(row, w), rows):.2f}" for w in who) + " |")
    best = [w for w in ("onnxruntime", "openvino") if w in who]
    if best:
        ratio = lambda row: min(times(row, w) for w in best)
        slower = [f"{row['model']} at batch {row['batch']} ({ratio(row):.2f})" for row in rows if ratio(row) < 1]
        large = [row for row in rows if row["model"] in LARGE]
        print(f"\nAgainst the faster of {' and '.join(best)}: geometric mean {mean(ratio, rows):.2f}; slower: {', '.join(slower) or 'none'}.", end="")
        print(f" {', '.join(LARGE)} together: {mean(ratio, large):.2f}." if large else "")


def memory(args):
    """Peak memory of a process that runs the model a few times; in brackets what was there before the model came."""
    for name in args.models.split(","):
        for batch in map(int, args.batch.split(",")):
            with tempfile.TemporaryDirectory() as folder:
                _, weights = build(name, folder)
                server = Server(args.server, name, str(batch), "224", weights, "engine-only")
                server.ask("engine 3")
                cells = {"engine": server.ask("memory")[0]}
                server.close()
                for who in args.peers.split(","):
                    script = [sys.executable, os.path.abspath(__file__), "--one", who, "--models", name, "--batch", str(batch)]
                    cells[who] = json.loads(subprocess.run(script, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
                print(json.dumps({"model": name, "batch": batch, "peak_mb": cells}), flush=True)


def one(args):
    """A single peer's peak, the exported model on disk already: only what the peer itself needs is imported."""
    import multiprocessing

    name, batch, who = args.models, int(args.batch), args.one
    with tempfile.TemporaryDirectory() as folder:
        if who in ("onnxruntime", "openvino"):
            maker = multiprocessing.get_context("spawn").Process(target=make, args=(name, batch, folder))
            maker.start()
            maker.join()
            import numpy

            array = numpy.random.default_rng(0).standard_normal((batch, 3, 224, 224)).astype("float32")
            path = os.path.join(folder, "model.onnx")
            if who == "onnxruntime":
                import onnxruntime

                before = peak_mb()
                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = THREADS
                session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
                run = lambda: session.run(None, {session.get_inputs()[0].name: array})
            else:
                import openvino

                before = peak_mb()
                compiled = openvino.Core().compile_model(path, "CPU", OPENVINO)
                request = compiled.create_infer_request()
                run = lambda: request.infer({0: array})
        else:
            import torch

            before = peak_mb()
            run = None
            found = contenders(name, batch, 224, folder, [who], None)
            run = lambda: found[who](1)
        for _ in range(3):
            run()
        print(json.dumps({"peak": peak_mb(), "before": before}))


def make(name, batch, folder):
    import torch

    model, _ = build(name, folder)
    export(model, torch.randn(batch, 3, 224, 224), folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server")
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--batch", default="1,8")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--peers", default=PEERS)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--one")
    parsed = parser.parse_args()
    one(parsed) if parsed.one else memory(parsed) if parsed.memory else measure(parsed)
