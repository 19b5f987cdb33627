using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>A release that no channel is to be pointed at any more.</summary>
/// <param name="Digest">Release digest.</param>
/// <param name="Reason">Why, for people.</param>
/// <param name="UnixSeconds">When, seconds since 1970.</param>
public sealed record WithdrawnRelease(Sha256Digest Digest, string Reason, long UnixSeconds);
