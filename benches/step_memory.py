"""PyTorch's time and peak memory of training steps: step_memory.py MODEL BATCH SIDE [STEPS] [THREADS]. Needs torch and torchvision."""
import resource
import statistics
import sys
import time

import torch
import torchvision

name, batch, side = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
steps = int(sys.argv[4]) if len(sys.argv) > 4 else 3
torch.set_num_threads(int(sys.argv[5]) if len(sys.argv) > 5 else 2)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
model = torchvision.models.get_model(name)
seconds = []
for step in range(steps + 1):
    images = torch.rand(batch, 3, side, side) * 2 - 1
    begun = time.perf_counter()
    out = model(images)
    logits = out if torch.is_tensor(out) else out.logits
    model.zero_grad()
    torch.nn.functional.cross_entropy(logits, torch.zeros(batch, dtype=torch.long)).backward()
    if step > 0:
        seconds.append(time.perf_counter() - begun)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
median = statistics.median(seconds)
print(f"{name} batch {batch} at {side}: median {median:.3f} s a forward and backward pass, peak memory {peak:.0f} MB ({before:.0f} before)")
