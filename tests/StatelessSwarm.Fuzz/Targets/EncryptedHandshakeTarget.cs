using StatelessSwarm.Content.Values;
using StatelessSwarm.Swarm.Encryption;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary>
/// Both sides of MSE's handshake. First byte: bit 0 the side, bit 1 whether what follows the keys is the work of a peer that knows the secret (the
/// input's bytes are then behind the right marks, and encrypted), bits 2-4 the size of portions. The other side's key is fixed.
/// </summary>
internal sealed class EncryptedHandshakeTarget : FuzzTarget
{
    private static readonly InfoHash Torrent = new("twenty bytes of hash"u8);
    private static readonly byte[] OurKey = [.. Enumerable.Range(1, KeyExchange.PrivateSize).Select(i => (byte)i)];
    private static readonly KeyExchange Theirs = new([.. Enumerable.Range(30, KeyExchange.PrivateSize).Select(i => (byte)i)]);
    private static readonly byte[] Secret = Theirs.Agree(new KeyExchange(OurKey).PublicKey)!;

    public override string Name => "encrypted-handshake";

    public override IReadOnlyList<byte[]> Words =>
        [new byte[8], [0, 0, 0, 1], [0, 0, 0, 2], [0, 0, 0, 3], [2, 0], [2, 1], [16, 0], [16, 1], [0, 68], [255, 255]];

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
            return;
        var isInitiator = (input[0] & 1) != 0;
        MseExchange side = isInitiator
            ? new MseInitiator(Torrent, MseMethods.Plain | MseMethods.Rc4, new byte[68], OurKey, [])
            : new MseResponder([Torrent], StreamEncryption.Prefer, OurKey, []);
        if (isInitiator)
            side.Work();
        ReadOnlySpan<byte> stream = (input[0] & 2) != 0 ? Honest(input[1..], isInitiator) : input[1..];
        var portion = 1 << ((input[0] >> 2) & 7) * 2;
        var taken = 0;
        while (side.Status is MseStatus.Bytes or MseStatus.Work)
        {
            if (side.Status == MseStatus.Work)
            {
                side.Work();
                continue;
            }
            Require(side.Wanted > 0, "who waits for bytes wants some");
            var count = Math.Min(Math.Min(portion, side.Wanted), stream.Length - taken);
            if (count == 0)
                break;
            side.Feed(stream.Slice(taken, count));
            taken += count;
        }
        Require(taken <= KeyExchange.KeySize + 2 * MseExchange.MaxPad + 100 + MseExchange.MaxEarly, "a bounded number of bytes");
        Require(side.Early.Length <= MseExchange.MaxEarly, "a bounded number of them is handed on");
        Require(side.Status == MseStatus.Done || side.Early.IsEmpty, "what failed hands nothing on");
        Require(side.TakeOutput().Length <= KeyExchange.KeySize + 40 + 16 + 68 + 14, "a bounded answer");
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        byte[] text = [.. new byte[8], 0, 0, 0, 3, 0, 2, 9, 9, 0, 4, 1, 2, 3, 4];
        yield return ("responder", [2 | 4 << 2, .. text]);
        yield return ("responder-bytewise", [2, .. text]);
        yield return ("responder-noise", [4 << 2, .. Enumerable.Repeat((byte)77, 96 + 532)]);
        yield return ("initiator", [3 | 4 << 2, .. new byte[8], 0, 0, 0, 2, 0, 3, 7, 7, 7]);
        yield return ("initiator-plain", [3, .. new byte[8], 0, 0, 0, 1, 0, 0]);
        yield return ("initiator-noise", [1 | 4 << 2, .. Enumerable.Repeat((byte)77, 96 + 520)]);
    }

    /// <summary>What a peer sends that knows the secret, with the given text in the place of the encrypted part.</summary>
    private static byte[] Honest(ReadOnlySpan<byte> text, bool toInitiator)
    {
        var encrypted = text.ToArray();
        (toInitiator ? MseKeys.ByResponder(Secret, Torrent) : MseKeys.ByInitiator(Secret, Torrent)).Apply(encrypted);
        return toInitiator
            ? [.. Theirs.PublicKey, .. encrypted]
            : [.. Theirs.PublicKey, .. MseKeys.Start(Secret), .. MseKeys.TorrentMark(Secret, Torrent), .. encrypted];
    }
}
