#!/usr/bin/env python3
"""The operators that libregard.so registers with PyTorch: values, gradients, errors, opcheck.

    REGARD_LIBRARY=build/lib/libregard.so .venv/bin/python3 tests/python/operators_test.py
"""
import os
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LIBRARY = os.environ.get("REGARD_LIBRARY", str(ROOT / "build/lib/libregard.so"))

try:
    import torch
    import torch.nn.functional as F
except (ImportError, OSError) as error:
    print(f"skipped: this Python cannot import torch ({error})")
    sys.exit(77)
if not pathlib.Path(LIBRARY).exists():
    print(f"skipped: {LIBRARY} is not built")
    sys.exit(77)
torch.ops.load_library(LIBRARY)
attention = torch.ops.regard.attention.default


def qkv(*shape, dtype=torch.float64, seed=0):
    make = torch.Generator().manual_seed(seed)
    return [torch.randn(*shape, dtype=dtype, generator=make).requires_grad_() for _ in range(3)]


def hrr_by_definition(q, k, v):
    """Alam et al. 2023, as its released code writes it: complex FFTs, index reversal, softmax over time."""
    bind = lambda x, y: torch.fft.ifft(torch.fft.fft(x) * torch.fft.fft(y)).real
    inverse = torch.roll(torch.flip(q, [-1]), 1, -1)
    read = bind(inverse, bind(k, v).sum(2, keepdim=True))
    score = (v * read).sum(-1, keepdim=True) / v.norm(dim=-1, keepdim=True) / read.norm(dim=-1, keepdim=True)
    return torch.softmax(score, 2) * v


class Values(unittest.TestCase):
    def agree(self, phrase, causal, expected, dtype=torch.float64, tolerance=1e-12, shape=(2, 3, 37, 8)):
        ours, theirs = qkv(*shape, dtype=dtype), qkv(*shape, dtype=dtype)
        y, z = attention(*ours, phrase, causal), expected(*theirs)
        torch.testing.assert_close(y, z, rtol=tolerance, atol=tolerance)
        weight = torch.randn(z.shape, dtype=dtype, generator=torch.Generator().manual_seed(9))
        (y * weight).sum().backward()
        (z * weight).sum().backward()
        for a, b in zip(ours, theirs):
            torch.testing.assert_close(a.grad, b.grad, rtol=10 * tolerance, atol=10 * tolerance)

    def test_softmax_is_scaled_dot_product_attention(self):
        for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 2e-6)):
            for causal in (False, True):
                self.agree("softmax", causal,
                           lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=causal), dtype, tolerance)

    def test_window_is_a_band(self):
        i = torch.arange(37)
        band = (i[:, None] - i[None, :]).abs() < 5
        self.agree("window(width=5)", False,
                   lambda q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=band))
        self.agree("window(width=5)", True,
                   lambda q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=band.tril()))

    def test_holographic_is_the_released_formula(self):
        self.agree("hrr", False, hrr_by_definition)
        self.agree("hrr(mode=paper)", False, hrr_by_definition)
        self.agree("hrr", False, hrr_by_definition, torch.float32, 2e-6)
        self.agree("hrr", False, hrr_by_definition, shape=(2, 3, 11, 7))

    def test_linear_is_a_kernel_sum(self):
        def expected(q, k, v):
            weight = (F.elu(q) + 1) @ (F.elu(k) + 1).transpose(2, 3)
            return weight.tril() @ v / weight.tril().sum(-1, keepdim=True)
        self.agree("linear", True, expected)

    def test_fewer_queries_end_at_the_last_key(self):
        q, k, v = qkv(1, 2, 9, 4)
        whole = attention(q, k, v, "softmax", True)
        last = attention(q[:, :, 6:], k, v, "softmax", True)
        torch.testing.assert_close(last, whole[:, :, 6:], rtol=1e-12, atol=1e-12)

    def test_off_returns_values_of_its_own(self):
        _, _, v = qkv(1, 2, 9, 4)
        y = attention(v, v, v, "off", False)
        self.assertTrue(torch.equal(y, v))
        self.assertNotEqual(y.data_ptr(), v.data_ptr())


PHRASES = ("softmax", "hrr", "hrr(unbind=exact)", "linear", "sigmoid", "mean", "off", "window(width=3)",
           "window(width=3)+hrr", "window(width=3)+linear", "window(width=3)+sigmoid", "window(left=-1,right=0)+mean")


class Hidden(unittest.TestCase):
    def test_what_a_query_may_not_meet_influences_nothing(self):
        for phrase in PHRASES:
            for junk in (float("nan"), float("inf"), 1e30):
                for which in ((1,), (2,), (1, 2)):
                    with self.subTest(phrase=phrase, junk=junk, which=which):
                        inputs = qkv(1, 2, 12, 4, dtype=torch.float32)
                        clean = attention(*inputs, phrase, True)
                        for i in which:
                            inputs[i] = inputs[i].detach().clone()
                            inputs[i][:, :, 7:] = junk
                        self.assertTrue(torch.equal(attention(*inputs, phrase, True)[:, :, :7], clean[:, :, :7]))


class Layouts(unittest.TestCase):
    """The strides that fake tensors promise are those that come, for every phrase, layout and mode of gradients."""
    LAYOUTS = {
        "contiguous": lambda t: torch.randn(2, 3, t, 4),
        "(B, T, h, d)": lambda t: torch.randn(2, t, 3, 4).transpose(1, 2),
        "a slice of a projection": lambda t: torch.randn(2, t, 3, 3, 4).permute(2, 0, 3, 1, 4)[1],
        "(h, B, T, d)": lambda t: torch.randn(3, 2, t, 4).transpose(0, 1),
        "every second number": lambda t: torch.randn(2, 3, t, 8)[..., ::2],
        "(B, h, d, T)": lambda t: torch.randn(2, 3, 4, t).transpose(2, 3),
        "one head for all": lambda t: torch.randn(2, 1, t, 4).expand(2, 3, t, 4),
    }

    def test_strides_are_as_promised(self):
        from torch._subclasses.fake_tensor import FakeTensorMode
        for phrase in PHRASES:
            for name, make in self.LAYOUTS.items():
                for t in (1, 12):
                    for gradients in (False, True):
                        with self.subTest(phrase=phrase, layout=name, t=t, gradients=gradients):
                            inputs = [make(t).requires_grad_(gradients) for _ in range(3)]
                            y = attention(*inputs, phrase, True)
                            with FakeTensorMode() as mode:
                                fake = attention(*(mode.from_tensor(x) for x in inputs), phrase, True)
                            strides = lambda x: [s for s, size in zip(x.stride(), x.shape) if size > 1]
                            self.assertEqual((y.shape, strides(y)), (fake.shape, strides(fake)))
                            plain = attention(*(x.detach().contiguous() for x in inputs), phrase, True)
                            torch.testing.assert_close(y, plain, rtol=1e-5, atol=1e-6)

    def test_compiled_views_with_gradients(self):
        for phrase in ("softmax", "off"):
            torch._dynamo.reset()
            compiled = torch.compile(lambda q, k, v: attention(q, k, v, phrase, True) * 2)
            for t in (12, 12, 5):
                ours = [torch.randn(2, t, 3, 4).transpose(1, 2).requires_grad_() for _ in range(3)]
                theirs = [x.detach().requires_grad_() for x in ours]
                y, z = compiled(*ours), attention(*theirs, phrase, True) * 2
                torch.testing.assert_close(y, z, rtol=1e-5, atol=1e-6)
                y.square().sum().backward()
                z.square().sum().backward()
                for a, b in zip(ours, theirs):
                    self.assertEqual(a.grad is None, b.grad is None and phrase != "off")
                    if b.grad is not None:
                        torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-5)


class Errors(unittest.TestCase):
    def refusal(self, kind, call):
        with self.assertRaises(kind) as caught:
            call()
        return str(caught.exception).splitlines()[0]

    def test_one_rule_for_types(self):
        rule = ("regard::attention: q, k and v of one type, float32, float64, float16 or bfloat16, were expected, and ")
        q, k, v = (x.detach() for x in qkv(1, 2, 4, 4, dtype=torch.float32))
        for phrase in PHRASES:
            said = self.refusal(ValueError, lambda: attention(q, k, v.bfloat16(), phrase, True))
            self.assertEqual(said, rule + "Float, Float, BFloat16 came")
            said = self.refusal(ValueError, lambda: attention(q.long(), k.long(), v.long(), phrase, True))
            self.assertEqual(said, rule + "Long, Long, Long came")

    def test_one_rule_for_sizes_of_nothing(self):
        for phrase in PHRASES:
            for shape in ((0, 2, 5, 4), (2, 0, 5, 4), (2, 2, 0, 4), (2, 2, 5, 0)):
                inputs = qkv(*shape, dtype=torch.float32)
                y = attention(*inputs, phrase, True)
                self.assertEqual(y.shape, torch.Size(shape))
                y.sum().backward()

    def test_one_rule_for_torch_func(self):
        inputs = [x.detach() for x in qkv(3, 1, 2, 6, 4, dtype=torch.float32)]
        for phrase in PHRASES:
            loss = lambda q, k, v: attention(q, k, v, phrase, True).square().sum()
            for call in (lambda: torch.func.grad(loss)(*(x[0] for x in inputs)),
                         lambda: torch.func.vmap(torch.func.grad(loss))(*inputs),
                         lambda: torch.func.jacrev(loss)(*(x[0] for x in inputs))):
                self.assertIn("regard::attention: plain tensors were expected, and tensors of a gradient of torch.func",
                              self.refusal(NotImplementedError, call))
            each = torch.func.vmap(lambda q, k, v: attention(q, k, v, phrase, True))(*inputs)
            for i in range(3):
                torch.testing.assert_close(each[i], attention(*(x[i] for x in inputs), phrase, True))

    def test_a_mistake_is_a_value_error_in_one_sentence(self):
        q, k, v = qkv(1, 1, 4, 2)
        with self.assertRaises(ValueError) as caught:
            attention(q, k, v, "sotfmax", False)
        self.assertIn('phrase "sotfmax": unknown name "sotfmax"; did you mean "softmax"?', str(caught.exception))
        with self.assertRaises(ValueError) as caught:
            attention(q, k, v, "hrr(pads=in)", True)
        self.assertIn("hrr with pads=in", str(caught.exception))
        with self.assertRaises(ValueError) as caught:
            attention(q, q, q, "shared+softmax", True)
        self.assertIn("a phrase without a projection was expected", str(caught.exception))
        with self.assertRaises(ValueError) as caught:
            attention(q[:, :, :, :1], k, v, "softmax", False)
        self.assertIn("regard::attention: q of shape (B, h, T, d) with the batch and width of v", str(caught.exception))


class Opcheck(unittest.TestCase):
    def test_attention(self):
        # `mean` and `off` have no gradient for q and k: None here, zeros in a compiled graph, which opcheck refuses.
        for phrase in ("softmax", "hrr", "linear", "sigmoid", "window(width=3)", "window(width=3)+hrr(scale=time)"):
            for causal in (False, True):
                for dtype in (torch.float32, torch.float64):
                    with self.subTest(phrase=phrase, causal=causal, dtype=dtype):
                        torch.library.opcheck(attention, (*qkv(2, 2, 12, 4, dtype=dtype), phrase, causal))

    def test_holographic_kernel(self):
        forward = torch.ops.regard.hrr_forward.default
        for causal in (False, True):
            for lengths in (None, torch.tensor([12, 5])):
                with self.subTest(causal=causal, lengths=lengths):
                    inputs = qkv(2, 2, 12, 4, dtype=torch.float32)
                    torch.library.opcheck(forward, (*inputs, lengths, causal, True))

    def test_compiled_is_one_graph(self):
        def call(q, k, v):
            return 2 * attention(q, k, v, "window(width=3)+hrr", True)
        for dynamic in (False, True):
            compiled = torch.compile(call, backend="aot_eager", fullgraph=True, dynamic=dynamic)
            ours, theirs = qkv(2, 2, 12, 4), qkv(2, 2, 12, 4)
            y, z = compiled(*ours), call(*theirs)
            torch.testing.assert_close(y, z, rtol=1e-12, atol=1e-12)
            y.square().sum().backward()
            z.square().sum().backward()
            for a, b in zip(ours, theirs):
                torch.testing.assert_close(a.grad, b.grad, rtol=1e-12, atol=1e-12)

    def test_traced_equals_eager(self):
        from torch.fx.experimental.proxy_tensor import make_fx
        for phrase in ("softmax", "hrr", "off", "mean"):
            inputs = qkv(2, 2, 12, 4)
            def gradients(q, k, v):
                y = attention(q, k, v, phrase, False)
                return torch.autograd.grad(y.square().sum(), (q, k, v), materialize_grads=True)
            graph = make_fx(gradients, tracing_mode="fake")(*inputs)
            names = [node.name for node in graph.graph.nodes if node.op == "call_function"]
            self.assertIn("attention_backward", names)
            for a, b in zip(graph(*inputs), gradients(*inputs)):
                torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


if __name__ == "__main__":
    unittest.main()
