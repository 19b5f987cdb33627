using System.Security.Cryptography;
using CsCheck;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Wire;

public sealed class HandshakeTests
{
    private static readonly Gen<byte[]> TwentyBytes = Gen.Byte.Array[20];

    [Fact]
    public void Handshake_RoundTrip_IsEqual() =>
        Gen.Select(TwentyBytes, TwentyBytes, Gen.Bool, Gen.Bool, Gen.Bool)
            .Sample(
                (hash, id, extensions, fast, v2) =>
                {
                    var sent = new Handshake(new InfoHash(hash), new PeerId(id), extensions, fast, v2);
                    var bytes = new byte[Handshake.Size];
                    sent.Write(bytes);
                    Assert.Equal(sent, Handshake.TryRead(bytes));
                }
            );

    [Fact]
    public void Handshake_AllBits_HasTheFrozenLayout()
    {
        var id = PeerId.Create("abcdefghijkl"u8);
        var hash = new InfoHash(SHA1.HashData("x"u8));
        var bytes = new byte[Handshake.Size];
        new Handshake(hash, id, true, true, true).Write(bytes);
        Assert.Equal(
            "13426974546f7272656e742070726f746f636f6c" + "0000000000100014" + hash + Convert.ToHexStringLower("-SL0100-abcdefghijkl"u8),
            Convert.ToHexStringLower(bytes)
        );
    }

    [Fact]
    public void Handshake_UnknownReservedBits_AreIgnored()
    {
        var bytes = new byte[Handshake.Size];
        new Handshake(default, default, false, true, false).Write(bytes);
        bytes[20] = 0xff;
        bytes[27] |= 0x01;
        Assert.Equal(new Handshake(default, default, false, true, false), Handshake.TryRead(bytes));
    }

    [Fact]
    public void Handshake_OtherProtocolOrShort_IsNull()
    {
        var bytes = new byte[Handshake.Size];
        new Handshake(default, default, true, true, true).Write(bytes);
        Assert.Null(Handshake.TryRead(bytes.AsSpan(0, 67)));
        bytes[3] ^= 1;
        Assert.Null(Handshake.TryRead(bytes));
    }

    [Fact]
    public void PeerId_Order_IsByteWise() =>
        Gen.Select(TwentyBytes, TwentyBytes)
            .Sample(
                (a, b) =>
                    Assert.Equal(
                        Math.Sign(a.AsSpan().SequenceCompareTo(b)),
                        Math.Sign(new PeerId(a).CompareTo(new PeerId(b)))
                    )
            );
}
