using System.Security.Cryptography;

namespace StatelessSwarm.Discovery.Protocol;

/// <summary>
/// Knows our own multicasts when they come back: once on the socket that sent them, and on other interfaces bridged to the
/// same network. Another responder of this host shares our addresses, so only bytes we just sent count, once per link.
/// </summary>
internal sealed class EchoFilter
{
    private const int MaxSent = 256;
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(2);

    private readonly Queue<Sent> _sent = new();

    /// <summary>A packet goes to the group.</summary>
    public void NoteSent(ReadOnlySpan<byte> payload, TimeSpan now)
    {
        if (_sent.Count >= MaxSent)
            _sent.Dequeue();
        _sent.Enqueue(new Sent(Convert.ToHexString(SHA256.HashData(payload)), now, []));
    }

    /// <summary>Whether a packet from an address of this machine is ours; it counts only once per link.</summary>
    public bool IsEcho(LinkKey link, ReadOnlySpan<byte> payload, TimeSpan now)
    {
        while (_sent.TryPeek(out var oldest) && now - oldest.At > Lifetime)
            _sent.Dequeue();
        if (_sent.Count == 0)
            return false;
        var digest = Convert.ToHexString(SHA256.HashData(payload));
        foreach (var sent in _sent)
        {
            if (sent.Digest == digest && sent.HeardOn.Add(link))
                return true;
        }

        return false;
    }

    private sealed record Sent(string Digest, TimeSpan At, HashSet<LinkKey> HeardOn);
}
