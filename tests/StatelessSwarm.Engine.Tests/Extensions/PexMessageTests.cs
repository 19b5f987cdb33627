using System.Net;
using System.Text;
using CsCheck;
using StatelessSwarm.Engine.Extensions;

namespace StatelessSwarm.Engine.Tests.Extensions;

public sealed class PexMessageTests
{
    private static readonly Gen<IPEndPoint> EndPoints = Gen.Select(
        Gen.OneOf(Gen.Byte.Array[4], Gen.Byte.Array[16]),
        Gen.Int[0, 65535],
        (address, port) => new IPEndPoint(new IPAddress(address), port)
    );

    /// <summary>The layout of BEP 11, byte by byte.</summary>
    [Fact]
    public void Message_Vector_IsWrittenAsTheStandardSays()
    {
        var message = new PexMessage(
            [
                new PexPeer(IPEndPoint.Parse("1.2.3.4:258"), PexFlags.Seed | PexFlags.Reachable),
                new PexPeer(IPEndPoint.Parse("[2001:db8::1]:6881"), PexFlags.None),
            ],
            [IPEndPoint.Parse("5.6.7.8:1")]
        );
        var text = Encoding.Latin1.GetString(message.ToBytes());
        Assert.Equal(
            "d5:added6:\x01\x02\x03\x04\x01\x02"
                + "7:added.f1:\x12"
                + "6:added618:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x1a\xe1"
                + "8:added6.f1:\0"
                + "7:dropped6:\x05\x06\x07\x08\0\x01"
                + "e",
            text
        );
    }

    [Fact]
    public void Message_RoundTrip_IsEqual() =>
        Gen.Select(Gen.Select(EndPoints, Gen.Byte).List[0, 50], EndPoints.List[0, 50])
            .Sample(
                (added, dropped) =>
                {
                    var sent = new PexMessage(added.ConvertAll(peer => new PexPeer(peer.Item1, (PexFlags)peer.Item2)), dropped);
                    var read = PexMessage.TryRead(sent.ToBytes())!;
                    // v4 before v6, in order within each.
                    Assert.Equal(sent.Added.OrderBy(peer => peer.EndPoint.AddressFamily), read.Added);
                    Assert.Equal(sent.Dropped.OrderBy(peer => peer.AddressFamily), read.Dropped);
                }
            );

    [Theory]
    [InlineData("")]
    [InlineData("i1e")]
    [InlineData("d5:added5:12345e")]
    [InlineData("d5:addedi6ee")]
    [InlineData("d5:added6:1234567:added.f2:xxe")]
    [InlineData("d5:added6:1234567:added.fi1ee")]
    [InlineData("d6:added617:12345678901234567e")]
    [InlineData("d7:dropped7:1234567e")]
    public void Message_Broken_IsNotRead(string text) => Assert.Null(PexMessage.TryRead(Encoding.ASCII.GetBytes(text)));

    [Theory]
    [InlineData("added", 6)]
    [InlineData("dropped", 6)]
    [InlineData("added6", 18)]
    public void Message_MoreThanAHundredEntries_IsNotRead(string key, int size)
    {
        Assert.NotNull(PexMessage.TryRead(Encoding.ASCII.GetBytes($"d{key.Length}:{key}{100 * size}:{new string('x', 100 * size)}e")));
        Assert.Null(PexMessage.TryRead(Encoding.ASCII.GetBytes($"d{key.Length}:{key}{101 * size}:{new string('x', 101 * size)}e")));
    }

    [Fact]
    public void Message_V4AndV6TogetherMoreThanAHundred_IsNotRead()
    {
        var (v4, v6) = (new string('x', 60 * 6), new string('x', 60 * 18));
        Assert.Null(PexMessage.TryRead(Encoding.ASCII.GetBytes($"d5:added{v4.Length}:{v4}6:added6{v6.Length}:{v6}e")));
    }

    [Fact]
    public void Message_FlagsLeftOut_AreZero() =>
        Assert.Equal(PexFlags.None, PexMessage.TryRead("d5:added6:123456e"u8.ToArray())!.Added.Single().Flags);

    [Fact]
    public void Message_RandomBytes_NeverThrow() =>
        Gen.Byte.Array[0, 80].Sample(bytes => { PexMessage.TryRead(bytes); }, iter: 20_000);

    /// <summary>Goal: what is nearly right is never more than the limits. Method: a good message with some bytes changed.</summary>
    [Fact]
    public void Message_SpoiltBytes_NeverThrowNorExceedTheLimits()
    {
        var good = new PexMessage([.. Enumerable.Range(1, 50).Select(MakePeer)], [IPEndPoint.Parse("1.1.1.1:1")]).ToBytes();
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte)
            .List[1, 4]
            .Sample(
                changes =>
                {
                    var bytes = (byte[])good.Clone();
                    foreach (var (at, value) in changes)
                        bytes[at] = value;
                    if (PexMessage.TryRead(bytes) is { } read)
                        Assert.True(read.Added.Count <= PexMessage.MaxEntries && read.Dropped.Count <= PexMessage.MaxEntries);
                },
                iter: 20_000
            );
    }

    private static PexPeer MakePeer(int number) => new(new IPEndPoint(new IPAddress([9, 9, 9, (byte)number]), number), PexFlags.Seed);
}
