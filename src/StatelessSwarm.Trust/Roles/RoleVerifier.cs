using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Roles;

/// <summary>
/// The one place that decides whether enough of a role's keys have signed. A key counts once however often it signed; keys
/// that do not hold the role count nothing, valid or not; an invalid signature beside enough valid ones does no harm.
/// </summary>
public static class RoleVerifier
{
    /// <summary>Checks every signature of <paramref name="envelope"/> against the keys of <paramref name="role"/>.</summary>
    public static SignatureCount Count(RootMetadata root, MetadataRole role, SignedEnvelope envelope)
    {
        if (root.HoldersOf(role) is not { } holders)
            return new SignatureCount(0, 0, envelope.Signatures.Count, 0);
        return Count(holders.KeyIds, root.FindKey, role, envelope);
    }

    /// <summary>Checks every signature of <paramref name="envelope"/> against certain keys.</summary>
    internal static SignatureCount Count(IReadOnlyList<Sha256Digest> keyIds, Func<Sha256Digest, PublicKey?> findKey, MetadataRole role, SignedEnvelope envelope)
    {
        var signed = SignedEnvelope.SignedBytes(role, envelope.Payload.Span);
        var believed = new HashSet<Sha256Digest>();
        var (invalid, foreign, repeated) = (0, 0, 0);
        foreach (var signature in envelope.Signatures)
        {
            if (!keyIds.Contains(signature.KeyId) || findKey(signature.KeyId) is not { } key)
                foreign++;
            else if (believed.Contains(key.Id))
                repeated++;
            else if (key.Verify(signed, signature.Signature.Span))
                believed.Add(key.Id);
            else
                invalid++;
        }
        return new SignatureCount(believed.Count, invalid, foreign, repeated);
    }

    /// <summary>True when a threshold of the role's keys has signed.</summary>
    public static bool IsMet(RootMetadata root, MetadataRole role, SignedEnvelope envelope) =>
        root.HoldersOf(role) is { } holders && Count(root, role, envelope).Valid >= holders.Threshold;

    /// <summary>Refuses an envelope that too few keys of the role have signed.</summary>
    /// <param name="root">The root metadata believed.</param>
    /// <param name="role">The role that the payload needs.</param>
    /// <param name="envelope">Payload and signatures.</param>
    /// <param name="what">The payload's name in the message: <c>channel web/stable</c>.</param>
    /// <exception cref="TrustException">NotEnoughSignatures.</exception>
    public static void Verify(RootMetadata root, MetadataRole role, SignedEnvelope envelope, string what)
    {
        if (root.HoldersOf(role) is not { } holders)
            throw Refused($"{what}: root version {root.Version} gives nobody the {NameOf(role)} role.");
        var count = Count(root, role, envelope);
        if (count.Valid < holders.Threshold)
        {
            throw Refused(
                $"{what}: {count.Valid} of {holders.Threshold} needed {NameOf(role)} keys have signed"
                    + $" (root version {root.Version}; {count.Invalid} invalid, {count.Foreign} by other keys)."
            );
        }
    }

    /// <summary>Those of <paramref name="keys"/> that hold the role, each once; refuses when they are below its threshold.</summary>
    /// <exception cref="TrustException">NotEnoughSignatures.</exception>
    public static IReadOnlyList<SigningKey> RequireHolders(
        RootMetadata root,
        MetadataRole role,
        IReadOnlyList<SigningKey> keys,
        string what
    )
    {
        if (root.HoldersOf(role) is not { } holders)
            throw Refused($"{what}: root version {root.Version} gives nobody the {NameOf(role)} role.");
        SigningKey[] able =
        [
            .. keys.DistinctBy(key => key.PublicKey.Id).Where(key => holders.KeyIds.Contains(key.PublicKey.Id)),
        ];
        return able.Length >= holders.Threshold
            ? able
            : throw Refused(
                $"{what}: {able.Length} of {holders.Threshold} needed {NameOf(role)} keys are given"
                    + $" (root version {root.Version})."
            );
    }

    /// <summary>The role's name, in lower case.</summary>
    public static string NameOf(MetadataRole role) =>
        role switch
        {
            MetadataRole.Root => "root",
            MetadataRole.Release => "release",
            MetadataRole.Channel => "channel",
            MetadataRole.Time => "time",
            MetadataRole.Identity => "identity",
            MetadataRole.Delegation => "delegation",
            _ => "unknown",
        };

    private static TrustException Refused(string message) => new(TrustFault.NotEnoughSignatures, message);
}
