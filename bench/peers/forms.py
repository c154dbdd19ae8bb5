"""Attention from its equations in PyTorch. q, k, v: (B, h, T, d); `hrr` takes and gives the folded Fourier basis."""
import math

import torch
import torch.nn.functional as F


def softmax(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


def softmax_scores(q, k, v):
    """The scores of all pairs lie in memory, and their softmax too: what a Transformer did before fused kernels."""
    return (q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])).softmax(-1) @ v


def linear(q, k, v):
    q, k = F.elu(q) + 1, F.elu(k) + 1
    total = q @ k.sum(2).unsqueeze(-1)
    return q @ (k.transpose(2, 3) @ v) / total


def gate(v, read):
    a = (v * read).sum(-1, keepdim=True) / (v.norm(dim=-1, keepdim=True) * read.norm(dim=-1, keepdim=True))
    return a.softmax(2) * v


def hrr(q, k, v):
    """Packed rows [re_0 .. re_{m-1}, im_0 .. im_{m-1}], d = 2m even, slot 0 = (DC, Nyquist), both real."""
    dtype, half = v.dtype, q.shape[-1] // 2
    q, k, v = q.float(), k.float(), v.float()
    pair = (torch.arange(half, device=q.device) > 0).to(q.dtype)
    (q_re, q_im), (k_re, k_im), (v_re, v_im) = (x.split(half, -1) for x in (q, k, v))
    both = k_im * v_im
    s_re = (k_re * v_re - pair * both).sum(2, keepdim=True) * (2 - pair)
    s_im = (pair * (k_re * v_im + k_im * v_re) + (1 - pair) * both).sum(2, keepdim=True) * (2 - pair)
    cross, along = s_im * pair, s_im * (1 - pair) - s_re * pair
    read = torch.cat([q_re * s_re + q_im * cross, q_re * cross + q_im * along], -1)
    return gate(v, read).to(dtype)


def hrr_fft(q, k, v):
    """As the paper's code has it: complex transforms, bound and brought back token by token."""
    dtype = v.dtype
    q, k, v = q.float(), k.float(), v.float()
    bind = lambda x, y: torch.fft.ifft(torch.fft.fft(x) * torch.fft.fft(y)).real
    s = bind(k, v).sum(2, keepdim=True)
    return gate(v, bind(q.flip(-1).roll(1, -1), s)).to(dtype)


def hrr_rfft(q, k, v):
    dtype = v.dtype
    q, k, v = q.float(), k.float(), v.float()
    s = (torch.fft.rfft(k) * torch.fft.rfft(v)).sum(2, keepdim=True)
    return gate(v, torch.fft.irfft(torch.fft.rfft(q).conj() * s, q.shape[-1])).to(dtype)


def basis(d):
    """Orthonormal real Fourier basis (d, d), columns in the packed order."""
    n = torch.arange(d, dtype=torch.float64).unsqueeze(1)
    angle = 2 * math.pi / d * n * torch.arange(1, d // 2, dtype=torch.float64)
    real = 1 / math.sqrt(d)
    columns = [torch.full((d, 1), real, dtype=torch.float64), angle.cos() * real * math.sqrt(2),
               (1 - 2 * (n % 2)) * real, angle.sin() * real * math.sqrt(2)]
    return torch.cat(columns, 1)


FORMS = {"softmax": softmax, "softmax-scores": softmax_scores, "hrr": hrr, "hrr-rfft": hrr_rfft, "hrr-fft": hrr_fft,
         "linear": linear}
IN_BASIS = {"hrr"}
# The compiler of PyTorch 2.11 makes no code for complex numbers and refuses the strides of these transforms.
EAGER_ONLY = {"hrr-fft", "hrr-rfft"}
REGARD_PHRASE = {"softmax": "softmax", "softmax-scores": "softmax", "hrr": "hrr", "hrr-rfft": "hrr", "hrr-fft": "hrr", "linear": "linear"}
