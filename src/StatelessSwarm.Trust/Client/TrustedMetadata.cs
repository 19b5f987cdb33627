using StatelessSwarm.Content.Manifests;

namespace StatelessSwarm.Trust.Client;

/// <summary>
/// The reader's side of trust: starts from the root metadata that shipped with the machine, accepts newer signed metadata
/// from anyone, and remembers the highest versions it believed in a directory (written to a new file, fsynced, renamed), so
/// that a later reader refuses less. Not thread safe: one owner.
/// </summary>
public sealed partial class TrustedMetadata
{
    /// <summary>Opens the state directory (created when missing).</summary>
    /// <param name="directory">Where the highest versions seen are kept.</param>
    /// <param name="shippedRoot">Bytes of the root metadata this machine was built with: believed as they are.</param>
    /// <param name="time">Clock for expiry.</param>
    /// <exception cref="TrustException">The shipped or the stored root is malformed.</exception>
    public static TrustedMetadata Open(string directory, ReadOnlyMemory<byte> shippedRoot, TimeProvider time) =>
        throw new NotImplementedException();

    /// <summary>Version of the root metadata now believed; the next one to ask for is one more.</summary>
    public long RootVersion => throw new NotImplementedException();

    /// <summary>Believes the root that follows the one held, signed by a threshold of the old and of the new root keys.</summary>
    /// <exception cref="TrustException">Refused; nothing changed.</exception>
    public void AcceptRoot(ReadOnlyMemory<byte> envelope) => throw new NotImplementedException();

    /// <summary>
    /// Checks a channel pointer: signatures, names, expiry, serial not below the one held, build not below the one held.
    /// Persists it before returning.
    /// </summary>
    /// <exception cref="TrustException">Refused; nothing changed.</exception>
    public ChannelPointer AcceptChannel(ReadOnlyMemory<byte> envelope, string product, string channel) =>
        throw new NotImplementedException();

    /// <summary>The pointer last believed, or null. Expired ones are returned too: they boot, they do not install.</summary>
    public ChannelPointer? HeldChannel(string product, string channel) => throw new NotImplementedException();

    /// <summary>Checks the manifest a believed pointer names: digest of the payload, signatures, product, version, build.</summary>
    /// <exception cref="TrustException">Refused.</exception>
    public ReleaseManifest AcceptManifest(ReadOnlyMemory<byte> envelope, ChannelPointer pointer) =>
        throw new NotImplementedException();
}
