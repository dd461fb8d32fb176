"""From the start of a process to its answer: `zoo predict` against Python with torchvision, in turn, on the same weights and picture.

    cargo build -p zoo
    python benches/predict_peers.py --zoo target/debug/zoo [--models resnet50] [--rounds 11] [--picture a.jpg]

Needs torch, torchvision, safetensors and pillow. The weights lie on disk as `torch.save` and safetensors write them; both are read once
before, so that the disk does not count. What is printed are medians, least and most, in milliseconds, and how many times as long Python
takes. Both must name the same class with the same probability, to 0.02: of nets with random weights the last bit of a picture moves it.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

PEER = """
import json, sys, torch, torchvision
from PIL import Image
model, weights, picture = sys.argv[1:]
net = torchvision.models.get_model(model, **({"init_weights": False} if model in ("googlenet", "inception_v3") else {}))
net.load_state_dict(torch.load(weights, weights_only=True))
net.eval()
prepare = torchvision.transforms.Compose([
    torchvision.transforms.Resize(256), torchvision.transforms.CenterCrop(224), torchvision.transforms.ToTensor(),
    torchvision.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
with torch.inference_mode():
    probabilities = net(prepare(Image.open(picture).convert("RGB"))[None])[0].softmax(0)
values, indices = probabilities.topk(5)
print(json.dumps(list(zip(indices.tolist(), values.tolist()))))
"""


def make(model, folder, picture):
    import numpy
    import safetensors.torch
    import torch
    import torchvision
    from PIL import Image

    torch.manual_seed(0)
    options = {"init_weights": True} if model in ("googlenet", "inception_v3") else {}
    net = torchvision.models.get_model(model, **options)
    state = {key: value.contiguous() for key, value in net.state_dict().items()}
    torch.save(state, os.path.join(folder, "weights.pth"))
    safetensors.torch.save_file(state, os.path.join(folder, "weights.safetensors"))
    if picture:
        return picture
    # Blobs of colour, of the size of ImageNet's pictures.
    small = numpy.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype="uint8")
    picture = os.path.join(folder, "picture.jpg")
    Image.fromarray(small).resize((500, 375), Image.BICUBIC).save(picture, quality=90)
    return picture


def timed(command):
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return (time.perf_counter() - begun) * 1e3, done.stdout


def main(args):
    for model in args.models.split(","):
        with tempfile.TemporaryDirectory() as folder:
            picture = make(model, folder, args.picture)
            at = lambda name: os.path.join(folder, name)
            zoo = lambda weights: [args.zoo, "predict", model, picture, "--weights", at(weights), "--json"]
            commands = {
                "zoo, .safetensors": zoo("weights.safetensors"),
                "zoo, .pth": zoo("weights.pth"),
                "zoo without the engine": zoo("weights.safetensors") + ["--engine", "off"],
                "python": [sys.executable, "-c", PEER, model, at("weights.pth"), picture],
            }
            answers = {who: timed(command)[1] for who, command in commands.items()}
            ours = json.loads(answers["zoo, .safetensors"])["top"]
            guess, (index, probability) = ours[0], json.loads(answers["python"])[0]
            assert guess["index"] == index and abs(guess["probability"] - probability) < 0.02, (guess, index, probability)
            seen = {who: [] for who in commands}
            for _ in range(args.rounds):
                for who, command in commands.items():
                    time.sleep(0.05)
                    seen[who].append(timed(command)[0])
            python = statistics.median(seen["python"])
            for who, times in seen.items():
                median = statistics.median(times)
                print(f"{model}: {who} {median:.0f} ms ({min(times):.0f} to {max(times):.0f}); python takes {python / median:.1f} times as long", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zoo", required=True)
    parser.add_argument("--models", default="resnet50")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--picture")
    main(parser.parse_args())
