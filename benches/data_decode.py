"""torchvision and Pillow on one core, for `data_decode`: for each line with a number of pictures, prints milliseconds a picture."""
import io
import sys
import time

import torch
from PIL import Image
from torchvision import transforms

torch.set_num_threads(1)
files = [open(name, "rb").read() for name in sys.argv[1:]]
decoded = [Image.open(io.BytesIO(file)).convert("RGB") for file in files]
last = [transforms.ToTensor(), transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]
crop = [transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip()]
train = transforms.Compose([*crop, *last])
valid = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), *last])
# As in torchvision's references, policies move pixels with the crop's interpolation.
policy = transforms.RandAugment(interpolation=transforms.InterpolationMode.BILINEAR)
augment = transforms.Compose([*crop, policy, *last, transforms.RandomErasing(0.25)])


def from_file(transform):
    return lambda number: transform(Image.open(io.BytesIO(files[number % len(files)])).convert("RGB"))


def from_pixels(transform):
    return lambda number: transform(decoded[number % len(files)])


for line in sys.stdin:
    count = int(line)
    times = []
    for work in (from_file(train), from_file(valid), from_file(augment), from_pixels(augment)):
        begun = time.perf_counter()
        for number in range(count):
            work(number)
        times.append((time.perf_counter() - begun) / count * 1e3)
    print(*times, flush=True)
