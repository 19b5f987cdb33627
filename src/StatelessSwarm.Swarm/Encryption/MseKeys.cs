using System.Security.Cryptography;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Encryption;

/// <summary>What MSE derives from the secret S and the torrent's name SKEY, an info hash: SHA-1 over a tag and these.</summary>
internal static class MseKeys
{
    /// <summary>Bytes of a mark.</summary>
    public const int MarkSize = 20;

    /// <summary>Key stream thrown away at the start of both directions.</summary>
    private const int Dropped = 1024;

    /// <summary>Where the initiator's second part begins: HASH('req1', S).</summary>
    public static byte[] Start(ReadOnlySpan<byte> secret) => Hash("req1"u8, secret, []);

    /// <summary>Which torrent it is about, for those who know it: HASH('req2', SKEY) xor HASH('req3', S).</summary>
    public static byte[] TorrentMark(ReadOnlySpan<byte> secret, InfoHash torrent)
    {
        var mark = Hash("req2"u8, torrent.AsSpan(), []);
        var mask = Hash("req3"u8, secret, []);
        for (var index = 0; index < mark.Length; index++)
            mark[index] ^= mask[index];
        return mark;
    }

    /// <summary>What the initiator sends with: RC4 by HASH('keyA', S, SKEY).</summary>
    public static Rc4 ByInitiator(ReadOnlySpan<byte> secret, InfoHash torrent) => Cipher("keyA"u8, secret, torrent);

    /// <summary>What the responder sends with: RC4 by HASH('keyB', S, SKEY).</summary>
    public static Rc4 ByResponder(ReadOnlySpan<byte> secret, InfoHash torrent) => Cipher("keyB"u8, secret, torrent);

    private static Rc4 Cipher(ReadOnlySpan<byte> tag, ReadOnlySpan<byte> secret, InfoHash torrent)
    {
        var cipher = new Rc4(Hash(tag, secret, torrent.AsSpan()));
        cipher.Skip(Dropped);
        return cipher;
    }

    private static byte[] Hash(ReadOnlySpan<byte> tag, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        Span<byte> text = stackalloc byte[tag.Length + first.Length + second.Length];
        tag.CopyTo(text);
        first.CopyTo(text[tag.Length..]);
        second.CopyTo(text[(tag.Length + first.Length)..]);
        return SHA1.HashData(text);
    }
}
