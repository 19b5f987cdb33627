using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Identities;
using StatelessSwarm.Trust.Roles;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Client;

/// <summary>What is believed beside roots, pointers and manifests: who is out of closed swarms, and what is current.</summary>
/// <remarks>
/// <code>
/// DIR/revoked.state    revocation list last believed
/// DIR/time.state       time statement last believed
/// DIR/delegations/{product}.state    delegation last believed
/// </code>
/// All are forgotten, with the versions they counted, when root metadata takes their role from the keys that signed them.
/// </remarks>
public sealed partial class TrustedMetadata
{
    private readonly StateFile _revocationFile;
    private readonly StateFile _timeFile;

    /// <summary>True when the root metadata believed has a time role: a channel is then believed only beside a statement that is in time.</summary>
    public bool NeedsTime => _root.Roles.ContainsKey(MetadataRole.Time);

    /// <summary>Keys that are out of closed swarms.</summary>
    /// <exception cref="TrustException">The stored state is damaged.</exception>
    public IReadOnlySet<Sha256Digest> RevokedKeys => (HeldRevocations()?.List.Keys ?? []).ToHashSet();

    /// <summary>The signed bytes of the revocation list last believed, or null: what another reader may be given.</summary>
    /// <exception cref="TrustException">The stored state is damaged.</exception>
    public ReadOnlyMemory<byte>? RevocationBytes => HeldRevocations()?.Bytes;

    /// <summary>The signed bytes of the time statement last believed, or null.</summary>
    /// <exception cref="TrustException">The stored state is damaged.</exception>
    public ReadOnlyMemory<byte>? TimeBytes => HeldTime()?.Bytes;

    /// <summary>Checks a revocation list: signatures, version not below the one held. Persists it before returning.</summary>
    /// <exception cref="TrustException">Refused; nothing changed.</exception>
    public RevocationList AcceptRevocations(ReadOnlyMemory<byte> envelope)
    {
        const string What = "revocation list";
        var bytes = envelope.ToArray();
        var offered = SignedEnvelope.Decode(bytes, RevocationList.MaxBytes);
        RoleVerifier.Verify(_root, MetadataRole.Identity, offered, What);
        var list = RevocationList.Decode(offered.Payload);
        if (HeldRevocations() is { } held && IsTheOneHeld(offered, list.Version, held.Bytes, held.List.Version, RevocationList.MaxBytes, $"{What}: version"))
            return list;
        RaiseClockFloor(list.IssuedUnixSeconds);
        _revocationFile.Write(bytes);
        return list;
    }

    /// <summary>
    /// Checks a time statement: signatures, expiry, serial not below the one held, and that nothing older than what it names is
    /// believed here of root metadata. Persists it before returning.
    /// </summary>
    /// <exception cref="TrustException">Refused; nothing changed.</exception>
    public TimeStatement AcceptTime(ReadOnlyMemory<byte> envelope)
    {
        const string What = "time statement";
        var bytes = envelope.ToArray();
        var offered = SignedEnvelope.Decode(bytes, TimeStatement.MaxBytes);
        RoleVerifier.Verify(_root, MetadataRole.Time, offered, What);
        var statement = TimeStatement.Decode(offered.Payload);
        if (NowUnixSeconds >= statement.ExpiresUnixSeconds)
        {
            throw new TrustException(
                TrustFault.Expired,
                $"{What}: serial {statement.Serial} expired at {statement.ExpiresUnixSeconds}, it is {NowUnixSeconds} (seconds since 1970)."
            );
        }
        if (statement.RootVersion > _root.Version)
            throw Rollback($"{What}: root version {statement.RootVersion} is current, and {_root.Version} is all that is offered");
        if (HeldTime() is { } held && IsTheOneHeld(offered, statement.Serial, held.Bytes, held.Statement.Serial, TimeStatement.MaxBytes, $"{What}: serial"))
            return statement;
        RaiseClockFloor(statement.IssuedUnixSeconds);
        _timeFile.Write(bytes);
        return statement;
    }

    /// <summary>Checks a delegation: signatures, product, expiry, version not below the one held. Persists it before returning.</summary>
    /// <exception cref="TrustException">Refused; nothing changed.</exception>
    public ReleaseDelegation AcceptDelegation(ReadOnlyMemory<byte> envelope, string product)
    {
        var what = $"delegation of {product}";
        var file = DelegationFile(product);
        var bytes = envelope.ToArray();
        var offered = SignedEnvelope.Decode(bytes, ReleaseDelegation.MaxBytes);
        RoleVerifier.Verify(_root, MetadataRole.Delegation, offered, what);
        var delegation = ReleaseDelegation.Decode(offered.Payload);
        if (delegation.Product != product)
            throw new TrustException(TrustFault.Mismatch, $"{what}: it is signed for {delegation.Product}.");
        if (HeldDelegation(product) is { } held && IsTheOneHeld(offered, delegation.Version, held.Bytes, held.Delegation.Version, ReleaseDelegation.MaxBytes, $"{what}: version"))
            return delegation;
        RaiseClockFloor(delegation.IssuedUnixSeconds);
        file.Write(bytes);
        return delegation;
    }

    /// <summary>The signed bytes of a delegation last believed, or null: what another reader may be given.</summary>
    /// <exception cref="TrustException">The stored state is damaged.</exception>
    public ReadOnlyMemory<byte>? DelegationBytes(string product) => HeldDelegation(product)?.Bytes;

    /// <summary>True for what is held already: nothing to write. Refuses what counts less, and other content under the same count.</summary>
    private static bool IsTheOneHeld(SignedEnvelope offered, long count, ReadOnlyMemory<byte> heldBytes, long heldCount, int maxBytes, string what)
    {
        if (count < heldCount)
            throw Rollback($"{what} {count} is below {heldCount}, which this machine has seen");
        if (count > heldCount)
            return false;
        return offered.Payload.Span.SequenceEqual(SignedEnvelope.Decode(heldBytes, maxBytes).Payload.Span)
            ? true
            : throw Rollback($"{what} {count} has been seen with other content");
    }

    /// <summary>Refuses a manifest that neither enough release keys have signed, nor enough of those they have delegated its product to.</summary>
    private void RefuseUnsigned(SignedEnvelope envelope, string product, bool isNew, string what)
    {
        if (RoleVerifier.IsMet(_root, MetadataRole.Release, envelope))
            return;
        if (HeldDelegation(product) is { } held && held.Delegation.IsMet(envelope))
        {
            if (isNew && NowUnixSeconds >= held.Delegation.ExpiresUnixSeconds)
                throw new TrustException(TrustFault.Expired, $"{what}: the delegation of {product} expired at {held.Delegation.ExpiresUnixSeconds}, it is {NowUnixSeconds} (seconds since 1970).");
            if (isNew && NeedsTime && HeldTime() is { } time && time.Statement.Delegations.FirstOrDefault(entry => entry.Product == product).Version > held.Delegation.Version)
                throw Rollback($"{what}: a newer delegation of {product} is current, and has not been given");
            return;
        }
        RoleVerifier.Verify(_root, MetadataRole.Release, envelope, what);
    }

    private (ReadOnlyMemory<byte> Bytes, ReleaseDelegation Delegation)? HeldDelegation(string product)
    {
        if (DelegationFile(product).Read() is not { } bytes)
            return null;
        var envelope = SignedEnvelope.Decode(bytes, ReleaseDelegation.MaxBytes);
        return RoleVerifier.IsMet(_root, MetadataRole.Delegation, envelope) ? (bytes, ReleaseDelegation.Decode(envelope.Payload)) : null;
    }

    private StateFile DelegationFile(string product)
    {
        Names.RequireProduct(product);
        return new StateFile(Path.Combine(_directory, "delegations", product + ".state"), SignedEnvelope.MaxBytes(ReleaseDelegation.MaxBytes), _files);
    }

    /// <summary>Refuses a channel, or a revocation list, that is older than what the time role says is current.</summary>
    private void RefuseNotCurrent(string product, string channel, long serial, string what)
    {
        if (!NeedsTime)
            return;
        if (HeldTime() is not { } held || NowUnixSeconds >= held.Statement.ExpiresUnixSeconds)
            throw new TrustException(TrustFault.Expired, $"{what}: no time statement that is in time: somebody may be keeping news back.");
        if (held.Statement.SerialOf(product, channel) is not { } current)
            throw new TrustException(TrustFault.Mismatch, $"{what}: the time statement knows of no such channel.");
        if (serial < current)
            throw Rollback($"{what}: serial {current} is current, and {serial} is offered");
        if ((HeldRevocations()?.List.Version ?? 0) < held.Statement.RevocationVersion)
            throw Rollback($"{what}: revocation list {held.Statement.RevocationVersion} is current, and has not been given");
    }

    private (ReadOnlyMemory<byte> Bytes, RevocationList List)? HeldRevocations()
    {
        if (_revocationFile.Read() is not { } bytes)
            return null;
        var envelope = SignedEnvelope.Decode(bytes, RevocationList.MaxBytes);
        return RoleVerifier.IsMet(_root, MetadataRole.Identity, envelope) ? (bytes, RevocationList.Decode(envelope.Payload)) : null;
    }

    private (ReadOnlyMemory<byte> Bytes, TimeStatement Statement)? HeldTime()
    {
        if (_timeFile.Read() is not { } bytes)
            return null;
        var envelope = SignedEnvelope.Decode(bytes, TimeStatement.MaxBytes);
        return RoleVerifier.IsMet(_root, MetadataRole.Time, envelope) ? (bytes, TimeStatement.Decode(envelope.Payload)) : null;
    }
}
