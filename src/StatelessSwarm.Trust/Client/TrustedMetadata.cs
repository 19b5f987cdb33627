using System.Buffers.Binary;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Durability;
using StatelessSwarm.Trust.Identities;
using StatelessSwarm.Trust.Roles;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Client;

/// <summary>
/// The reader's side of trust: starts from the root metadata that shipped with the machine, accepts newer signed metadata
/// from anyone, and remembers the highest versions it believed in a directory (written to a new file, fsynced, renamed), so
/// that a later reader refuses less. Not thread safe: one owner.
/// </summary>
/// <remarks>
/// <code>
/// DIR/root.state                            newest root metadata believed, when newer than the shipped one
/// DIR/clock.state                           highest time stamp believed
/// DIR/channels/{product}/{channel}.state    pointer last believed, and the build floor
/// </code>
/// The clock is the machine's or the highest issue time ever believed, whichever is later, so that a machine whose clock
/// starts in 1970 does not take old metadata for fresh. When root metadata takes a key away from the channel role, pointers
/// that only it had signed are forgotten with their serials, and the clock starts from that root's issue time: a stolen
/// channel key that counted far ahead is undone by replacing it. The build floor stays.
/// </remarks>
public sealed partial class TrustedMetadata
{
    private readonly string _directory;
    private readonly TimeProvider _time;
    private readonly DurableFiles _files;
    private readonly StateFile _rootFile;
    private readonly StateFile _clockFile;
    private SignedEnvelope _rootEnvelope;
    private RootMetadata _root;
    private long _clockFloor;

    private TrustedMetadata(string directory, SignedEnvelope envelope, RootMetadata root, TimeProvider time, DurableFiles files)
    {
        _directory = directory;
        _time = time;
        _files = files;
        _rootFile = new StateFile(Path.Combine(directory, "root.state"), SignedEnvelope.MaxBytes(RootMetadata.MaxBytes), files);
        _clockFile = new StateFile(Path.Combine(directory, "clock.state"), sizeof(long), files);
        _revocationFile = new StateFile(Path.Combine(directory, "revoked.state"), SignedEnvelope.MaxBytes(RevocationList.MaxBytes), files);
        _timeFile = new StateFile(Path.Combine(directory, "time.state"), SignedEnvelope.MaxBytes(TimeStatement.MaxBytes), files);
        _rootEnvelope = envelope;
        _root = root;
    }

    /// <summary>Version of the root metadata now believed; the next one to ask for is one more.</summary>
    public long RootVersion => _root.Version;

    /// <summary>The root metadata now believed.</summary>
    public RootMetadata Root => _root;

    /// <summary>The signed bytes of the root metadata now believed: what another reader may be given.</summary>
    public ReadOnlyMemory<byte> RootBytes { get; private set; }

    /// <summary>The clock used for expiry: the machine's, or the latest time stamp ever believed when that is later.</summary>
    public long NowUnixSeconds => Math.Max(_time.GetUtcNow().ToUnixTimeSeconds(), _clockFloor);

    /// <summary>Opens the state directory (created when missing).</summary>
    /// <param name="directory">Where the highest versions seen are kept.</param>
    /// <param name="shippedRoot">Bytes of the root metadata this machine was built with: believed as they are.</param>
    /// <param name="time">Clock for expiry.</param>
    /// <exception cref="TrustException">The shipped or the stored root is malformed.</exception>
    public static TrustedMetadata Open(string directory, ReadOnlyMemory<byte> shippedRoot, TimeProvider time) =>
        Open(directory, shippedRoot, time, DurableFiles.Default);

    internal static TrustedMetadata Open(
        string directory,
        ReadOnlyMemory<byte> shippedRoot,
        TimeProvider time,
        DurableFiles files
    )
    {
        directory = Path.GetFullPath(directory);
        var (envelope, root) = DecodeRoot(shippedRoot.ToArray(), "shipped root metadata");
        files.EnsureDirectory(directory);
        var metadata = new TrustedMetadata(directory, envelope, root, time, files) { RootBytes = shippedRoot.ToArray() };
        metadata.Recall();
        return metadata;
    }

    /// <summary>Believes the root that follows the one held, signed by a threshold of the old and of the new root keys.</summary>
    /// <remarks>The root already held is accepted again without effect. Expiry is not looked at: only the last of a chain
    /// has to be in time, and that shows when a channel is accepted.</remarks>
    /// <exception cref="TrustException">Refused; nothing changed.</exception>
    public void AcceptRoot(ReadOnlyMemory<byte> envelope)
    {
        var bytes = envelope.ToArray();
        var (offered, next) = DecodeRoot(bytes, "root metadata");
        if (next.Version == _root.Version && offered.Payload.Span.SequenceEqual(_rootEnvelope.Payload.Span))
            return;
        RootChain.Verify(_root, offered, next);
        var forgets = TakesChannelKeyAway(_root, next);
        _rootFile.Write(bytes);
        (_rootEnvelope, _root, RootBytes) = (offered, next, bytes);
        if (forgets)
            SetClockFloor(next.IssuedUnixSeconds);
        else
            RaiseClockFloor(next.IssuedUnixSeconds);
    }

    /// <summary>
    /// Checks a channel pointer: signatures, names, expiry, serial not below the one held, build not below the one held.
    /// Persists it before returning.
    /// </summary>
    /// <exception cref="TrustException">Refused; nothing changed.</exception>
    public ChannelPointer AcceptChannel(ReadOnlyMemory<byte> envelope, string product, string channel)
    {
        var what = $"channel {product}/{channel}";
        var file = ChannelFile(product, channel);
        var bytes = envelope.ToArray();
        var offered = SignedEnvelope.Decode(bytes, ChannelPointer.MaxBytes);
        RoleVerifier.Verify(_root, MetadataRole.Channel, offered, what);
        var pointer = DecodePointer(offered, what);
        if (pointer.Product != product || pointer.Channel != channel)
        {
            throw new TrustException(
                TrustFault.Mismatch,
                $"{what}: the pointer is signed for {pointer.Product}/{pointer.Channel}."
            );
        }
        RefuseExpired(pointer, what);
        RefuseNotCurrent(product, channel, pointer.Serial, what);
        var memory = ReadMemory(file);
        if (RefuseOlder(pointer, offered, memory, what))
            return pointer;
        RaiseClockFloor(pointer.IssuedUnixSeconds);
        file.Write(new ChannelMemory(bytes, memory?.BuildFloor ?? 0).Encode());
        return pointer;
    }

    /// <summary>The pointer last believed, or null. Expired ones are returned too: they boot, they do not install.</summary>
    /// <remarks>Null as well when the root metadata now believed no longer trusts the keys that signed it.</remarks>
    /// <exception cref="TrustException">The stored state is damaged.</exception>
    public ChannelPointer? HeldChannel(string product, string channel) =>
        ReadMemory(ChannelFile(product, channel)) is { } memory ? Held(memory)?.Pointer : null;

    /// <summary>The signed bytes of the pointer last believed, or null: what another reader may be given.</summary>
    /// <exception cref="TrustException">The stored state is damaged.</exception>
    public ReadOnlyMemory<byte>? HeldChannelBytes(string product, string channel) =>
        ReadMemory(ChannelFile(product, channel)) is { } memory && Held(memory) is not null ? memory.Envelope : null;

    /// <summary>True when a believed pointer, or the root metadata, is past its expiry: nothing may be installed by it.</summary>
    public bool IsExpired(ChannelPointer pointer) =>
        NowUnixSeconds >= pointer.ExpiresUnixSeconds || NowUnixSeconds >= _root.ExpiresUnixSeconds;

    /// <summary>Checks the manifest a believed pointer names: digest of the payload, signatures, product, version, build.</summary>
    /// <remarks>Remembers the build: this channel never goes below it again. Does not look at expiry: a release that is held
    /// boots for ever.</remarks>
    /// <exception cref="TrustException">Refused.</exception>
    public ReleaseManifest AcceptManifest(ReadOnlyMemory<byte> envelope, ChannelPointer pointer)
    {
        var manifest = AcceptManifest(envelope, pointer.Release, isNew: true);
        if (manifest.Product != pointer.Product || manifest.Version != pointer.Version || manifest.Build != pointer.Build)
        {
            throw new TrustException(
                TrustFault.Mismatch,
                $"release {pointer.Release}: the manifest is of {manifest.Product} {manifest.Version} build {manifest.Build},"
                    + $" the pointer of {pointer.Product} {pointer.Version} build {pointer.Build}."
            );
        }
        var file = ChannelFile(pointer.Product, pointer.Channel);
        if (ReadMemory(file) is { } memory && memory.BuildFloor < manifest.Build && Held(memory)?.Pointer == pointer)
            file.Write((memory with { BuildFloor = manifest.Build }).Encode());
        return manifest;
    }

    /// <summary>Checks the manifest of a release asked for by its digest alone: digest of the payload, signatures.</summary>
    /// <exception cref="TrustException">Refused.</exception>
    public ReleaseManifest AcceptManifest(ReadOnlyMemory<byte> envelope, Sha256Digest digest) => AcceptManifest(envelope, digest, isNew: false);

    private ReleaseManifest AcceptManifest(ReadOnlyMemory<byte> envelope, Sha256Digest digest, bool isNew)
    {
        var offered = SignedEnvelope.Decode(envelope.ToArray(), ReleaseManifest.MaxBytes);
        var seen = Sha256Digest.HashData(offered.Payload.Span);
        if (seen != digest)
            throw new TrustException(TrustFault.Mismatch, $"release {digest}: the manifest's digest is {seen}.");
        ReleaseManifest manifest;
        try
        {
            manifest = ReleaseManifest.Decode(offered.Payload);
        }
        catch (ContentException fault)
        {
            throw new TrustException(TrustFault.Malformed, $"release {digest}: {fault.Message}", fault);
        }
        RefuseUnsigned(offered, manifest.Product, isNew, $"release {digest}");
        return manifest;
    }

    private static (SignedEnvelope Envelope, RootMetadata Root) DecodeRoot(ReadOnlyMemory<byte> bytes, string what)
    {
        var envelope = SignedEnvelope.Decode(bytes, RootMetadata.MaxBytes);
        var root = RootMetadata.Decode(envelope.Payload);
        RoleVerifier.Verify(root, MetadataRole.Root, envelope, what);
        return (envelope, root);
    }

    private static bool TakesChannelKeyAway(RootMetadata held, RootMetadata next) =>
        held.Roles[MetadataRole.Channel].KeyIds.Except(next.Roles[MetadataRole.Channel].KeyIds).Any();

    private static ChannelPointer DecodePointer(SignedEnvelope envelope, string what)
    {
        ChannelPointer pointer;
        try
        {
            pointer = ChannelPointer.Decode(envelope.Payload);
        }
        catch (ContentException fault)
        {
            throw new TrustException(TrustFault.Malformed, $"{what}: {fault.Message}", fault);
        }
        if (pointer.IssuedUnixSeconds < 0 || pointer.IssuedUnixSeconds >= pointer.ExpiresUnixSeconds)
            throw new TrustException(TrustFault.Malformed, $"{what}: expected an expiry after the time of issue.");
        return pointer;
    }

    private void Recall()
    {
        if (_rootFile.Read() is { } rootBytes)
            RecallRoot(rootBytes);
        _clockFloor = _root.IssuedUnixSeconds;
        if (_clockFile.Read() is { } clock)
        {
            if (clock.Length != sizeof(long) || BinaryPrimitives.ReadInt64BigEndian(clock) < 0)
                throw _clockFile.Damaged("expected 8 bytes of time");
            _clockFloor = Math.Max(_clockFloor, BinaryPrimitives.ReadInt64BigEndian(clock));
        }
    }

    private void RecallRoot(byte[] bytes)
    {
        SignedEnvelope envelope;
        RootMetadata root;
        try
        {
            (envelope, root) = DecodeRoot(bytes, "stored root metadata");
        }
        catch (TrustException fault)
        {
            throw _rootFile.Damaged(fault.Message, fault);
        }
        if (root.Version == _root.Version && !envelope.Payload.Span.SequenceEqual(_rootEnvelope.Payload.Span))
        {
            throw new TrustException(
                TrustFault.Mismatch,
                $"{_directory}: holds the trust of another repository: its root version {root.Version} is not the shipped one."
            );
        }
        if (root.Version > _root.Version)
            (_rootEnvelope, _root, RootBytes) = (envelope, root, bytes);
    }

    private void RefuseExpired(ChannelPointer pointer, string what)
    {
        var now = NowUnixSeconds;
        if (now >= _root.ExpiresUnixSeconds)
        {
            throw new TrustException(
                TrustFault.Expired,
                $"{what}: root version {_root.Version} expired at {_root.ExpiresUnixSeconds}, it is {now} (seconds since 1970)."
            );
        }
        if (now >= pointer.ExpiresUnixSeconds)
        {
            throw new TrustException(
                TrustFault.Expired,
                $"{what}: serial {pointer.Serial} expired at {pointer.ExpiresUnixSeconds}, it is {now} (seconds since 1970)."
            );
        }
    }

    /// <summary>True when the pointer is the one held: nothing to write.</summary>
    private bool RefuseOlder(ChannelPointer pointer, SignedEnvelope offered, ChannelMemory? memory, string what)
    {
        if (memory is null)
            return false;
        if (pointer.Build < memory.BuildFloor)
            throw Rollback($"{what}: build {pointer.Build} is below {memory.BuildFloor}, which this machine has accepted");
        if (Held(memory) is not { } held)
            return false;
        if (pointer.Serial < held.Pointer.Serial)
            throw Rollback($"{what}: serial {pointer.Serial} is below {held.Pointer.Serial}, which this machine has seen");
        if (pointer.Serial == held.Pointer.Serial)
        {
            return offered.Payload.Span.SequenceEqual(held.Envelope.Payload.Span)
                ? true
                : throw Rollback($"{what}: serial {pointer.Serial} has been seen with other content");
        }
        if (pointer.Build < held.Pointer.Build)
            throw Rollback($"{what}: build {pointer.Build} is below {held.Pointer.Build}, which this machine has seen");
        return false;
    }

    private static TrustException Rollback(string message) => new(TrustFault.Rollback, message + ".");

    private (SignedEnvelope Envelope, ChannelPointer Pointer)? Held(ChannelMemory memory)
    {
        var envelope = SignedEnvelope.Decode(memory.Envelope, ChannelPointer.MaxBytes);
        return RoleVerifier.IsMet(_root, MetadataRole.Channel, envelope)
            ? (envelope, DecodePointer(envelope, "stored channel"))
            : null;
    }

    private static ChannelMemory? ReadMemory(StateFile file)
    {
        if (file.Read() is not { } bytes)
            return null;
        try
        {
            var memory = ChannelMemory.Decode(bytes);
            _ = DecodePointer(SignedEnvelope.Decode(memory.Envelope, ChannelPointer.MaxBytes), "stored channel");
            return memory;
        }
        catch (TrustException fault)
        {
            throw file.Damaged(fault.Message, fault);
        }
    }

    private StateFile ChannelFile(string product, string channel)
    {
        Names.RequireProduct(product);
        Names.RequireChannel(channel);
        var path = Path.Combine(_directory, "channels", product, channel + ".state");
        return new StateFile(path, ChannelMemory.MaxBytes, _files);
    }

    private void RaiseClockFloor(long seconds)
    {
        if (seconds > _clockFloor)
            SetClockFloor(seconds);
    }

    private void SetClockFloor(long seconds)
    {
        Span<byte> body = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(body, seconds);
        _clockFile.Write(body);
        _clockFloor = seconds;
    }
}
