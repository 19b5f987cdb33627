using System.Buffers.Binary;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Swarm.Encryption;

namespace StatelessSwarm.Swarm.Tests.Encryption;

/// <summary>Both sides of an MSE handshake in memory, with and against each other.</summary>
public sealed class MseExchangeTests
{
    private static readonly InfoHash Torrent = new("twenty bytes of hash"u8);
    private static readonly InfoHash Other = new("twenty other bytes.."u8);
    private static readonly byte[] Hello = [.. Enumerable.Range(0, 68).Select(i => (byte)i)];

    public static TheoryData<int, int, int, int> Pads =>
        new()
        {
            { 0, 0, 1, 68 },
            { 512, 512, 1, 68 },
            { 1, 511, 7, 0 },
            { 300, 17, 4096, 4096 },
            { 0, 512, 4096, 67 },
        };

    [Theory]
    [MemberData(nameof(Pads))]
    public void Handshake_AnyPadsAndPortions_AgreesAndNothingOfTheStreamIsRead(int padA, int padB, int portion, int early)
    {
        byte[] said = [.. Enumerable.Range(0, early).Select(i => (byte)(i * 7 & 0xff))];
        var a = new MseInitiator(Torrent, MseMethods.Rc4, said, Key(1), Pad(padA));
        var b = new MseResponder([Other, Torrent], StreamEncryption.Plain, Key(2), Pad(padB));
        var behind = Run(a, b, portion, [1, 2, 3]);
        Assert.Equal((MseStatus.Done, MseStatus.Done), (a.Status, b.Status));
        Assert.Equal(said, b.Early.ToArray());
        // What the responder sent behind its part is left for the connection, and can be read by it.
        a.Cipher!.Decrypt(behind);
        Assert.Equal([1, 2, 3], behind);
        var back = new byte[] { 4, 5, 6 };
        a.Cipher.Encrypt(back);
        b.Cipher!.Decrypt(back);
        Assert.Equal([4, 5, 6], back);
    }

    [Theory]
    [InlineData(3, StreamEncryption.Plain, 1)]
    [InlineData(3, StreamEncryption.Prefer, 2)]
    [InlineData(3, StreamEncryption.Require, 2)]
    [InlineData(1, StreamEncryption.Plain, 1)]
    [InlineData(1, StreamEncryption.Prefer, 1)]
    [InlineData(1, StreamEncryption.Require, 0)]
    [InlineData(2, StreamEncryption.Plain, 2)]
    [InlineData(0, StreamEncryption.Plain, 0)]
    [InlineData(4, StreamEncryption.Prefer, 0)]
    public void Method_IsChosenFromWhatIsOffered(int offered, StreamEncryption encryption, int chosen)
    {
        var a = new MseInitiator(Torrent, (MseMethods)offered, Hello, Key(1), []);
        var b = new MseResponder([Torrent], encryption, Key(2), []);
        Run(a, b, 100, []);
        Assert.Equal(chosen == 0 ? MseStatus.Fault : MseStatus.Done, b.Status);
        Assert.Equal(chosen == 2, a.Cipher is not null && b.Cipher is not null);
    }

    [Fact]
    public void Responder_PadWithoutEnd_EndsAtItsBound()
    {
        var b = new MseResponder([Torrent], StreamEncryption.Plain, Key(2), []);
        b.Feed(new KeyExchange(Key(1)).PublicKey);
        b.Work();
        var fed = 0;
        while (b.Status == MseStatus.Bytes)
        {
            b.Feed([(byte)(fed & 0xff)]);
            fed++;
        }
        Assert.Equal((MseStatus.Fault, MseExchange.MaxPad + MseKeys.MarkSize), (b.Status, fed));
    }

    [Fact]
    public void Initiator_PadWithoutEnd_EndsAtItsBound()
    {
        var a = new MseInitiator(Torrent, MseMethods.Rc4, Hello, Key(1), []);
        a.Work();
        a.Feed(new KeyExchange(Key(2)).PublicKey);
        a.Work();
        var fed = 0;
        while (a.Status == MseStatus.Bytes)
        {
            a.Feed([7]);
            fed++;
        }
        Assert.Equal((MseStatus.Fault, MseExchange.MaxPad + 8), (a.Status, fed));
    }

    [Fact]
    public void Responder_UnknownTorrent_IsAFault()
    {
        var a = new MseInitiator(Other, MseMethods.Rc4, Hello, Key(1), Pad(20));
        var b = new MseResponder([Torrent], StreamEncryption.Plain, Key(2), Pad(20));
        Run(a, b, 1000, []);
        Assert.Equal((MseStatus.Bytes, MseStatus.Fault), (a.Status, b.Status));
        Assert.Equal(MseStatus.Fault, RunAgainstNone().Status);

        static MseResponder RunAgainstNone()
        {
            var none = new MseResponder([], StreamEncryption.Plain, Key(2), []);
            Run(new MseInitiator(Other, MseMethods.Rc4, Hello, Key(1), []), none, 1000, []);
            return none;
        }
    }

    /// <summary>Parts 3 whose encrypted fields are out of bounds.</summary>
    [Theory]
    [InlineData(1, 2, 0, 0, 0)]
    [InlineData(0, 2, 513, 0, 0)]
    [InlineData(0, 2, 65535, 0, 0)]
    [InlineData(0, 2, 0, 4097, 0)]
    [InlineData(0, 2, 0, 65535, 0)]
    [InlineData(0, 2, 0, 68, 1)]
    public void Responder_FieldsOutOfBounds_AreAFault(byte constant, byte offered, int padC, int early, int surplus)
    {
        var (secret, b) = Agreed();
        var cipher = MseKeys.ByInitiator(secret, Torrent);
        var text = new byte[8 + 4 + 2 + Math.Min(padC, 512) + 2 + Math.Min(early, 68)];
        text[0] = constant;
        text[11] = offered;
        BinaryPrimitives.WriteUInt16BigEndian(text.AsSpan(12), (ushort)padC);
        BinaryPrimitives.WriteUInt16BigEndian(text.AsSpan(14 + Math.Min(padC, 512)), (ushort)early);
        cipher.Apply(text);
        byte[] part = [.. MseKeys.Start(secret), .. MseKeys.TorrentMark(secret, Torrent), .. text, .. new byte[surplus]];
        b.Feed(part);
        Assert.Equal(MseStatus.Fault, b.Status);
    }

    [Theory]
    [InlineData(3, 0)]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 513)]
    [InlineData(2, 65535)]
    public void Initiator_SelectThatWasNotOfferedOrPadTooLong_IsAFault(byte chosen, int padD)
    {
        var a = new MseInitiator(Torrent, MseMethods.Rc4, Hello, Key(1), []);
        a.Work();
        var keys = new KeyExchange(Key(2));
        var secret = keys.Agree(a.TakeOutput())!;
        a.Feed(keys.PublicKey);
        a.Work();
        var head = new byte[14];
        head[11] = chosen;
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(12), (ushort)padD);
        MseKeys.ByResponder(secret, Torrent).Apply(head);
        a.Feed(head);
        Assert.Equal(MseStatus.Fault, a.Status);
    }

    [Fact]
    public void EitherSide_KeyThatGivesTheSecretAway_IsAFault()
    {
        var b = new MseResponder([Torrent], StreamEncryption.Plain, Key(2), []);
        b.Feed(new byte[96]);
        b.Work();
        var a = new MseInitiator(Torrent, MseMethods.Rc4, Hello, Key(1), []);
        a.Work();
        a.TakeOutput();
        a.Feed(new byte[96]);
        a.Work();
        Assert.Equal((MseStatus.Fault, MseStatus.Fault), (a.Status, b.Status));
        Assert.Empty(b.TakeOutput());
        Assert.Empty(a.TakeOutput());
    }

    private static (byte[] Secret, MseResponder Responder) Agreed()
    {
        var keys = new KeyExchange(Key(1));
        var b = new MseResponder([Torrent], StreamEncryption.Plain, Key(2), []);
        b.Feed(keys.PublicKey);
        b.Work();
        return (keys.Agree(b.TakeOutput())!, b);
    }

    private static byte[] Key(byte number) => [.. new byte[10], .. Enumerable.Repeat(number, 10)];

    private static byte[] Pad(int length)
    {
        var pad = new byte[length];
        new Random(length).NextBytes(pad);
        return pad;
    }

    /// <summary>
    /// Carries bytes between the two until neither goes on; the responder says <paramref name="behind"/> right behind its part.
    /// </summary>
    /// <returns>What the initiator has left unread.</returns>
    private static byte[] Run(MseInitiator a, MseResponder b, int portion, byte[] behind)
    {
        var toA = new Queue<byte>();
        var toB = new Queue<byte>();
        var hasSaid = false;
        while (true)
        {
            var moved = Turn(a, toA, toB, portion) | Turn(b, toB, toA, portion);
            if (b.Status == MseStatus.Done && !hasSaid)
            {
                byte[] text = [.. behind];
                b.Cipher?.Encrypt(text);
                foreach (var item in text)
                    toA.Enqueue(item);
                hasSaid = moved = true;
            }
            if (!moved)
                return [.. toA];
        }
    }

    private static bool Turn(MseExchange side, Queue<byte> input, Queue<byte> output, int portion)
    {
        var isMoved = side.Status == MseStatus.Work;
        if (isMoved)
            side.Work();
        else if (side.Status == MseStatus.Bytes && input.Count > 0)
        {
            Assert.InRange(side.Wanted, 1, int.MaxValue);
            var count = Math.Min(Math.Min(portion, side.Wanted), input.Count);
            side.Feed([.. Enumerable.Range(0, count).Select(_ => input.Dequeue())]);
            isMoved = true;
        }
        foreach (var item in side.TakeOutput())
            output.Enqueue(item);
        return isMoved;
    }
}
