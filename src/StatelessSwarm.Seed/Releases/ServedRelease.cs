namespace StatelessSwarm.Seed.Releases;

/// <summary>A release that the tracker knows.</summary>
/// <param name="Release">The release.</param>
/// <param name="Session">Its peer session, or null when the peer could not take it.</param>
internal sealed record ServedRelease(SeedRelease Release, IReleaseSession? Session);
