using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Trust;
using StatelessSwarm.Trust.Identities;
using StatelessSwarm.Trust.Roles;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Cli.Trusting;

/// <summary>A file of signed metadata, or a draft of one; which kind it is shows in what it holds.</summary>
/// <param name="Envelope">Payload and signatures.</param>
/// <param name="Role">Whose signatures it needs.</param>
/// <param name="Root">The payload as root metadata, or null.</param>
/// <param name="Channel">The payload as a channel pointer, or null.</param>
/// <param name="Manifest">The payload as a manifest, or null.</param>
internal sealed record TrustFile(SignedEnvelope Envelope, MetadataRole Role, RootMetadata? Root, ChannelPointer? Channel, ReleaseManifest? Manifest)
{
    /// <summary>The payload as a time statement, or null.</summary>
    public TimeStatement? Statement { get; private init; }

    /// <summary>The payload as a delegation, or null.</summary>
    public ReleaseDelegation? Delegation { get; private init; }

    /// <summary>The payload as a revocation list, or null.</summary>
    public RevocationList? Revocations { get; private init; }

    // the largest payload there is
    private static readonly int MaxPayload = Math.Max(RevocationList.MaxBytes, Math.Max(RootMetadata.MaxBytes, ReleaseManifest.MaxBytes));

    /// <summary>Reads a file.</summary>
    /// <exception cref="CommandException">It is not there, or holds nothing of ours.</exception>
    public static TrustFile Read(string path)
    {
        if (!File.Exists(path))
            throw new CommandException(ExitCode.Nothing, $"{path}: no such file");
        if (new FileInfo(path).Length > SignedEnvelope.MaxBytes(MaxPayload))
            throw new CommandException(ExitCode.Failed, $"{path}: larger than {SignedEnvelope.MaxBytes(MaxPayload)} bytes");
        var envelope = SignedEnvelope.Decode(File.ReadAllBytes(path), MaxPayload);
        if (Try(() => RootMetadata.Decode(envelope.Payload)) is { } root)
            return new TrustFile(envelope, MetadataRole.Root, root, null, null);
        if (Try(() => ChannelPointer.Decode(envelope.Payload)) is { } channel)
            return new TrustFile(envelope, MetadataRole.Channel, null, channel, null);
        if (Try(() => ReleaseManifest.Decode(envelope.Payload)) is { } manifest)
            return new TrustFile(envelope, MetadataRole.Release, null, null, manifest);
        if (Try(() => TimeStatement.Decode(envelope.Payload)) is { } statement)
            return new TrustFile(envelope, MetadataRole.Time, null, null, null) { Statement = statement };
        if (Try(() => RevocationList.Decode(envelope.Payload)) is { } revocations)
            return new TrustFile(envelope, MetadataRole.Identity, null, null, null) { Revocations = revocations };
        if (Try(() => ReleaseDelegation.Decode(envelope.Payload)) is { } delegation)
            return new TrustFile(envelope, MetadataRole.Delegation, null, null, null) { Delegation = delegation };
        throw new CommandException(ExitCode.Failed, $"{path}: none of root metadata, channel pointer, manifest, time statement, revocation list and delegation");
    }

    private static T? Try<T>(Func<T> decode)
        where T : class
    {
        try
        {
            return decode();
        }
        catch (Exception fault) when (fault is TrustException or ContentException)
        {
            return null;
        }
    }
}
