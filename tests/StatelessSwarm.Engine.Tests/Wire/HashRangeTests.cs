using CsCheck;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Wire;

public sealed class HashRangeTests
{
    [Fact]
    public void HashRange_RoundTrip_IsEqual() =>
        Gen.Select(Gen.Byte.Array[32], Gen.Int[0, 49], Gen.Int[0, 1000], Gen.Int[1, 9], Gen.Int[0, 50])
            .Sample(
                (root, layer, step, exponent, proofs) =>
                {
                    var sent = new HashRange(new Sha256Digest(root), layer, step << exponent, 1 << exponent, proofs);
                    var bytes = new byte[HashRange.Size];
                    sent.Write(bytes);
                    Assert.True(HashRange.TryRead(bytes, out var read));
                    Assert.Equal(sent, read);
                }
            );

    [Theory]
    [InlineData(0, 0, 1, 0)] // one hash
    [InlineData(0, 0, 3, 0)] // not a power of two
    [InlineData(0, 0, 1024, 0)] // too many
    [InlineData(0, 1, 2, 0)] // not a multiple
    [InlineData(50, 0, 2, 0)]
    [InlineData(0, 0, 2, 51)]
    [InlineData(0, int.MaxValue - 1, 2, 0)]
    public void HashRange_BrokenRule_IsRefused(int layer, int index, int length, int proofs)
    {
        var bytes = new byte[HashRange.Size];
        new HashRange(default, layer, index, length, proofs).Write(bytes);
        Assert.False(HashRange.TryRead(bytes, out _));
    }

    [Fact]
    public void HashRange_RandomBytes_NeverThrow() =>
        Gen.Byte.Array[0, 60].Sample(bytes => { HashRange.TryRead(bytes, out _); });
}
