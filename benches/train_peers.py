"""Training steps on the CPU against PyTorch, round by round: forward, cross-entropy, backward, SGD with momentum.

    cargo build -p zoo-benches --bin serve_train
    python benches/train_peers.py --server target/debug/serve_train [--models resnet18,vgg11_bn] [--rounds 9]

Needs torch and torchvision. All use two threads. In a round each contender takes its steps in turn, with a pause between, so that a noisy
moment of the machine hits all; what is printed are medians, least and most, ratios and their geometric means, as a table. `eager` is
PyTorch's usual layout, `channels_last` the one that its own guide recommends; `flex` is Burn's backend without our kernels, of which
three rounds say enough. `--memory` measures peak memory of a few steps instead, each contender in a process of its own, with what the
process had before the model was made in brackets.
"""
import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time

from peers import THREADS, Server, peak_mb, timed

# Name, batch, side, classes.
CASES = {
    "resnet18": (8, 224, 1000), "resnet50": (8, 224, 1000), "vgg11_bn": (8, 224, 1000), "googlenet": (8, 224, 1000),
    "densenet121": (8, 224, 1000), "mobilenet_v2": (8, 224, 1000), "mnasnet1_0": (8, 224, 1000),
    "resnet20_cifar": (64, 32, 10), "densenet_bc_cifar": (64, 32, 10),
}


def small(name):
    """The papers' networks for 32x32 pictures, which torchvision has not."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Basic(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(outputs)
            self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(outputs)
            self.stride, self.more = stride, outputs - inputs

        def forward(self, x):
            y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)), inplace=True)))
            if self.stride > 1:
                x = F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.more))
            return F.relu(y + x, inplace=True)

    if name == "resnet20_cifar":
        blocks, inputs = [], 16
        for outputs in (16, 32, 64):
            for index in range(3):
                blocks.append(Basic(inputs, outputs, 2 if index == 0 and outputs > 16 else 1))
                inputs = outputs
        stem = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
        return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))

    from torchvision.models.densenet import _DenseBlock, _Transition
    growth, channels, features = 12, 24, []
    features.append(nn.Conv2d(3, channels, 3, 1, 1, bias=False))
    for index in range(3):
        features.append(_DenseBlock(16, channels, 4, growth, 0.0))
        channels += 16 * growth
        if index < 2:
            features.append(_Transition(channels, channels // 2))
            channels //= 2
    features += [nn.BatchNorm2d(channels), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]
    return nn.Sequential(*features)


class Torch:
    def __init__(self, name, channels_last):
        import torch
        import torchvision

        torch.set_num_threads(THREADS)
        torch.manual_seed(0)
        batch, side, classes = CASES[name]
        options = {"init_weights": True} if name == "googlenet" else {}
        model = small(name) if name.endswith("_cifar") else torchvision.models.get_model(name, num_classes=classes, **options)
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self.model = model.train().to(memory_format=layout)
        self.images = torch.rand(batch, 3, side, side).mul(2).sub(1).to(memory_format=layout)
        self.labels = torch.arange(batch) * 7 % classes
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)

    def step(self):
        from torch.nn.functional import cross_entropy

        out = self.model(self.images)
        if hasattr(out, "aux_logits1"):
            loss = cross_entropy(out.logits, self.labels) + 0.3 * (cross_entropy(out.aux_logits1, self.labels) + cross_entropy(out.aux_logits2, self.labels))
        else:
            loss = cross_entropy(out, self.labels)
        loss.item()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()


PEERS = ["eager", "channels_last", "flex"]


def measure(args):
    rows = []
    for name in args.models.split(","):
        server = Server(args.server, name, *map(str, CASES[name]))
        found = {"zoo": lambda n: server.ask(f"zoo {n}")}
        for who in args.peers.split(","):
            found[who] = (lambda n: server.ask(f"flex {n}")) if who == "flex" else timed(Torch(name, who == "channels_last").step)
        for who, run in found.items():
            run(1 if who == "flex" else 2)
        seen = {who: [] for who in found}
        for number in range(args.rounds):
            for who, run in found.items():
                if who == "flex" and number >= 3:
                    continue
                time.sleep(0.05)
                seen[who].append(min(run(1 if who == "flex" else args.steps)))
        server.close()
        row = {"model": name, **{key: {w: pick(t) for w, t in seen.items()} for key, pick in (("ms", statistics.median), ("min", min), ("max", max))}}
        rows.append(row)
        print(json.dumps(row), flush=True)
    table(rows)


def table(rows):
    who = [w for w in rows[0]["ms"] if w != "zoo"]
    mean = lambda pick: math.exp(statistics.fmean(math.log(pick(row)) for row in rows))
    print("\n| model | batch, side | zoo ms (least to most) | " + " | ".join(f"{w} ms (least to most), times as long" for w in who) + " |")
    print("|---|---|---|" + "---|" * len(who))
    for row in rows:
        span = lambda w: f"{row['ms'][w]:.0f} ({row['min'][w]:.0f} to {row['max'][w]:.0f})"
        cells = [f"{span(w)}, **{row['ms'][w] / row['ms']['zoo']:.2f}**" for w in who]
        print(f"| {row['model']} | {CASES[row['model']][0]}, {CASES[row['model']][1]} | {span('zoo')} | " + " | ".join(cells) + " |")
    print("| geometric mean | | | " + " | ".join(f"{mean(lambda r: r['ms'][w] / r['ms']['zoo']):.2f}" for w in who) + " |")
    torch = [w for w in ("eager", "channels_last") if w in who]
    if torch:
        ratio = lambda row: min(row["ms"][w] for w in torch) / row["ms"]["zoo"]
        slower = [f"{row['model']} ({ratio(row):.2f})" for row in rows if ratio(row) < 1]
        print(f"\nAgainst the faster of PyTorch's layouts: geometric mean {mean(ratio):.2f}; slower: {', '.join(slower) or 'none'}")


def memory(args):
    columns = ["zoo", "recompute", *args.peers.split(",")]
    print("| model | " + " | ".join(f"{w} MB (before)" for w in columns) + " |")
    print("|---|" + "---|" * len(columns))
    for name in args.models.split(","):
        cells = []
        for who in columns:
            if who in ("zoo", "recompute", "flex"):
                server = Server(args.server, name, *map(str, CASES[name]))
                before = server.ask("memory")[0]
                server.ask(f"{who} 2" if who == "flex" else f"{who} 4")
                peak = server.ask("memory")[0]
                server.close()
            else:
                script = [sys.executable, os.path.abspath(__file__), "--one", who, "--models", name]
                peak, before = json.loads(subprocess.run(script, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
            cells.append(f"{peak:.0f} ({before:.0f})")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def one(args):
    import torch  # noqa: F401
    import torchvision  # noqa: F401

    before = peak_mb()
    timed(Torch(args.models, args.one == "channels_last").step)(4)
    print(json.dumps([peak_mb(), before]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server")
    parser.add_argument("--models", default=",".join(CASES))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=1, help="steps in a round, of which the fastest counts")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--one")
    parsed = parser.parse_args()
    one(parsed) if parsed.one else memory(parsed) if parsed.memory else measure(parsed)
