using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Identities;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Roles;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>Signs what a repository says beside releases and channels: who is out of closed swarms, and what is current.</summary>
internal sealed class RepositoryStatements(Repository repository, Publisher publisher, TimeProvider time)
{
    /// <summary>Puts keys out, or takes them back in.</summary>
    /// <exception cref="TrustException">Too few of the keys hold the role.</exception>
    public RevocationList Revoke(IEnumerable<Sha256Digest> added, IEnumerable<Sha256Digest> removed, IReadOnlyList<SigningKey> keys)
    {
        using var held = publisher.Begin();
        var root = publisher.CurrentRoot();
        var before = repository.ReadRevocations();
        var list = new RevocationList
        {
            Version = (before?.Version ?? 0) + 1,
            IssuedUnixSeconds = Now(),
            Keys = [.. (before?.Keys ?? []).Union(added).Except(removed).Order()],
        };
        repository.Replace(RepositoryLayout.Revoked, Repository.SignAs(root, MetadataRole.Identity, list.Encode(), keys, "revocation list").Encode());
        Renew(root, keys);
        return list;
    }

    /// <summary>Lets others sign the releases of a product.</summary>
    /// <exception cref="TrustException">Too few of the keys hold the release role, or the threshold does not fit.</exception>
    public ReleaseDelegation Delegate(string product, IReadOnlyList<PublicKey> holders, int threshold, TimeSpan lifetime, IReadOnlyList<SigningKey> keys)
    {
        using var held = publisher.Begin();
        var root = publisher.CurrentRoot();
        var delegation = new ReleaseDelegation
        {
            Product = product,
            Version = (repository.ReadDelegation(product)?.Version ?? 0) + 1,
            IssuedUnixSeconds = Now(),
            ExpiresUnixSeconds = Now() + (long)lifetime.TotalSeconds,
            Threshold = threshold,
            Keys = [.. holders.DistinctBy(key => key.Id).OrderBy(key => key.Id)],
        };
        var envelope = Repository.SignAs(root, MetadataRole.Delegation, delegation.Encode(), keys, $"delegation of {product}");
        Directory.CreateDirectory(repository.At(RepositoryLayout.Delegations));
        repository.Replace(RepositoryLayout.Delegation(product), envelope.Encode());
        Renew(root, keys);
        return delegation;
    }

    /// <summary>Says what is current, until <paramref name="lifetime"/> is over.</summary>
    /// <exception cref="TrustException">Too few of the keys hold the role.</exception>
    public TimeStatement SignTime(TimeSpan lifetime, IReadOnlyList<SigningKey> keys)
    {
        using var held = publisher.Begin();
        return SignTime(publisher.CurrentRoot(), lifetime, keys);
    }

    /// <summary>
    /// Says what is current once more, with the lifetime that the statement before had, when enough of the keys can; else the time role has
    /// its own next turn, and until then what was published counts as newer than it must be.
    /// </summary>
    public void Renew(RootMetadata root, IReadOnlyList<SigningKey> keys)
    {
        if (repository.ReadTime() is not { } before || root.HoldersOf(MetadataRole.Time) is not { } holders)
            return;
        if (keys.Select(key => key.PublicKey.Id).Distinct().Count(holders.KeyIds.Contains) >= holders.Threshold)
            SignTime(root, TimeSpan.FromSeconds(before.ExpiresUnixSeconds - before.IssuedUnixSeconds), keys);
    }

    private TimeStatement SignTime(RootMetadata root, TimeSpan lifetime, IReadOnlyList<SigningKey> keys)
    {
        var channels = repository.ListChannels().Select(pointer => (pointer.Product, pointer.Channel, pointer.Serial)).ToList();
        channels.Sort(TimeStatement.Compare);
        var statement = new TimeStatement
        {
            Serial = (repository.ReadTime()?.Serial ?? 0) + 1,
            IssuedUnixSeconds = Now(),
            ExpiresUnixSeconds = Now() + (long)lifetime.TotalSeconds,
            RootVersion = root.Version,
            RevocationVersion = repository.ReadRevocations()?.Version ?? 0,
            Channels = channels,
            Delegations = [.. repository.ListDelegations().Select(product => (product, repository.ReadDelegation(product)!.Version))],
        };
        repository.Replace(RepositoryLayout.Time, Repository.SignAs(root, MetadataRole.Time, statement.Encode(), keys, "time statement").Encode());
        return statement;
    }

    private long Now() => time.GetUtcNow().ToUnixTimeSeconds();
}
