using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Roles;

/// <summary>The one rule of root rotation: version N+1, signed by a threshold of the root keys of N and of N+1.</summary>
public static class RootChain
{
    /// <summary>Refuses <paramref name="next"/> unless it follows <paramref name="held"/>.</summary>
    /// <param name="held">The root metadata believed.</param>
    /// <param name="envelope">The envelope of <paramref name="next"/>.</param>
    /// <param name="next">Its decoded payload.</param>
    /// <exception cref="TrustException">Rollback, BrokenRootChain or NotEnoughSignatures.</exception>
    public static void Verify(RootMetadata held, SignedEnvelope envelope, RootMetadata next)
    {
        if (next.Version < held.Version)
        {
            throw new TrustException(
                TrustFault.Rollback,
                $"root metadata: version {next.Version} is below {held.Version}, which is held."
            );
        }
        if (next.Version - held.Version != 1)
        {
            throw new TrustException(
                TrustFault.BrokenRootChain,
                next.Version == held.Version
                    ? $"root metadata: version {next.Version} differs from the one held."
                    : $"root metadata: version {next.Version} does not follow {held.Version}."
            );
        }
        RoleVerifier.Verify(held, MetadataRole.Root, envelope, $"root metadata version {next.Version}, by the keys before it");
        RoleVerifier.Verify(next, MetadataRole.Root, envelope, $"root metadata version {next.Version}, by its own keys");
    }
}
