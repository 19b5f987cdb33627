using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Identities;

/// <summary>Who a verified certificate belongs to.</summary>
/// <param name="KeyId">SHA-256 of the public key as the certificate has it (SubjectPublicKeyInfo, RFC 5280 4.1); what is revoked.</param>
/// <param name="Torrents">Names of torrents it is for; <see cref="AnyTorrent"/> for all of the authority's.</param>
public sealed record Member(Sha256Digest KeyId, IReadOnlyList<string> Torrents)
{
    /// <summary>The name that stands for every torrent, as in libtorrent's SSL torrents.</summary>
    public const string AnyTorrent = "*";

    /// <summary>True when the certificate is for a torrent of that name.</summary>
    public bool MayTakePart(string torrent) => Torrents.Any(name => name == AnyTorrent || name == torrent);
}
