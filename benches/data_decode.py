"""torchvision and Pillow on one core, for `data_decode`: for each line with a number of pictures, prints milliseconds a picture."""
import io
import sys
import time

import torch
from PIL import Image
from torchvision import transforms

torch.set_num_threads(1)
files = [open(name, "rb").read() for name in sys.argv[1:]]
last = [transforms.ToTensor(), transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]
train = transforms.Compose([transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip(), *last])
valid = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), *last])
for line in sys.stdin:
    count = int(line)
    times = []
    for transform in (train, valid):
        begun = time.perf_counter()
        for number in range(count):
            transform(Image.open(io.BytesIO(files[number % len(files)])).convert("RGB"))
        times.append((time.perf_counter() - begun) / count * 1e3)
    print(*times, flush=True)
