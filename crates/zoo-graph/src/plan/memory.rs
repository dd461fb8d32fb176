//! Which buffers share memory.

use super::{Buffer, Operand, Plan, Step};

/// Numbers to which buffers are aligned: a cache line.
const ALIGNMENT: usize = 16;

pub(super) fn assign(mut steps: Vec<Step>, lens: Vec<usize>, mut inputs: Vec<Operand>, mut outputs: Vec<Operand>) -> Plan {
    let mut buffers: Vec<Buffer> = lens.into_iter().map(|len| Buffer { len, first: usize::MAX, last: 0, offset: 0 }).collect();
    let mut touch = |operand: &Operand, step: usize| {
        if let Operand::Memory { buffer, .. } = operand {
            let buffer = &mut buffers[*buffer];
            buffer.first = buffer.first.min(step);
            buffer.last = buffer.last.max(step);
        }
    };
    inputs.iter().for_each(|operand| touch(operand, 0));
    for (index, step) in steps.iter().enumerate() {
        step.inputs.iter().chain(&step.outputs).for_each(|operand| touch(operand, index));
    }
    outputs.iter().for_each(|operand| touch(operand, steps.len()));

    let memory = place(&mut buffers);
    let shift = |operand: &mut Operand| {
        if let Operand::Memory { buffer, view } = operand {
            view.offset += buffers[*buffer].offset;
        }
    };
    steps.iter_mut().flat_map(|step| step.inputs.iter_mut().chain(&mut step.outputs)).for_each(shift);
    inputs.iter_mut().chain(&mut outputs).for_each(shift);
    Plan { steps, buffers, memory, inputs, outputs }
}

/// The largest first, each in the smallest gap that it fits between those of its time.
fn place(buffers: &mut [Buffer]) -> usize {
    let mut order: Vec<usize> = (0..buffers.len()).filter(|index| buffers[*index].first != usize::MAX).collect();
    order.sort_by_key(|index| (std::cmp::Reverse(buffers[*index].len), buffers[*index].first));
    let mut placed: Vec<usize> = Vec::new();
    let mut end = 0;
    for index in order {
        let Buffer { len, first, last, .. } = buffers[index];
        let mut taken: Vec<(usize, usize)> = placed
            .iter()
            .map(|other| buffers[*other])
            .filter(|other| other.first <= last && first <= other.last)
            .map(|other| (other.offset, (other.offset + other.len).next_multiple_of(ALIGNMENT)))
            .collect();
        taken.sort_unstable();
        let mut best: Option<(usize, usize)> = None;
        let mut free = 0;
        for (from, to) in taken {
            if from >= free + len && best.is_none_or(|(gap, _)| from - free < gap) {
                best = Some((from - free, free));
            }
            free = free.max(to);
        }
        let offset = best.map_or(free, |(_, offset)| offset);
        buffers[index].offset = offset;
        end = end.max(offset + len);
        placed.push(index);
    }
    end
}
