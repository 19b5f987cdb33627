using System.Globalization;
using System.Text;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Durability;
using StatelessSwarm.Trust.Identities;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Roles;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>
/// The writing side of a repository. Order of a publish, each step durable before the next:
/// <code>
/// 1  .staging/release/{product}-{version}/*   payload: copied, hashed and made a torrent in one pass; fsync
/// 2  .staging/release/{release.torrent, root.chunks, root.chunks.torrent, SHA256SUMS, manifest.mp}; fsync of files, then of directories
/// 3  rename .staging/release -> releases/{digest}; fsync releases         the release is there
/// 4  per channel: .staging/x.mp.new, fsync, rename, fsync                 readers are sent to it
/// </code>
/// A cut before 3 leaves nothing but rubbish in .staging; a cut before 4 leaves a release that no channel names.
/// </summary>
internal sealed class Publisher
{
    private const string StagedRelease = RepositoryLayout.Staging + "/release";

    private readonly Repository _repository;
    private readonly TimeProvider _time;
    private readonly DurableFiles _files;

    public Publisher(Repository repository, TimeProvider time, DurableFiles files)
    {
        _repository = repository;
        _time = time;
        _files = files;
    }

    public async Task<PublishedRelease> PublishAsync(
        PublishRequest request,
        IReadOnlyList<SigningKey> keys,
        IProgress<long>? progress,
        CancellationToken cancellation
    )
    {
        Names.RequireProduct(request.Product);
        Names.RequireVersion(request.Version);
        foreach (var channel in request.Channels)
            Names.RequireChannel(channel);
        using var held = Begin();
        var root = CurrentRoot();
        RequireReleaseKeys(root, request.Product, keys, $"{request.Product} {request.Version}");
        foreach (var channel in request.Channels)
            RoleVerifier.RequireHolders(root, MetadataRole.Channel, keys, $"channel {request.Product}/{channel}");
        var build = NextBuild(request);
        try
        {
            var intake = new ReleaseIntake(_repository.At(StagedRelease), _files, progress);
            var intaken = await intake.RunAsync(request, _repository.ReadAuthority(), build, Now(), cancellation);
            var manifest = intaken.Manifest;
            var digest = WriteMetadata(intaken, root, keys);
            cancellation.ThrowIfCancellationRequested();
            _files.RenameDirectory(_repository.At(StagedRelease), _repository.At(RepositoryLayout.Release(digest)));
            _files.SyncDirectory(_repository.At(RepositoryLayout.Releases));
            foreach (var channel in request.Channels.Distinct(StringComparer.Ordinal))
                WritePointer(manifest, digest, channel, request.ChannelLifetime, root, keys);
            NewStatements().Renew(root, keys);
            return new PublishedRelease(digest, manifest);
        }
        finally
        {
            ClearStaging(isLastWord: true);
        }
    }

    public ChannelPointer PointChannel(
        Sha256Digest digest,
        string channel,
        TimeSpan lifetime,
        IReadOnlyList<SigningKey> keys
    )
    {
        Names.RequireChannel(channel);
        using var held = Begin();
        if (!File.Exists(_repository.At(RepositoryLayout.Manifest(digest))))
            throw new IOException($"{_repository.Directory}: no release {digest}.");
        if (_repository.ReadNotes().WithdrawalOf(digest) is { } withdrawn)
            throw new TrustException(TrustFault.Rollback, $"release {digest} is withdrawn: {withdrawn.Reason}");
        if (_repository.ReadNotes().Pruned.Any(pruned => pruned.Digest == digest))
            throw new TrustException(TrustFault.Rollback, $"release {digest} is being pruned.");
        var root = CurrentRoot();
        var pointer = WritePointer(_repository.ReadManifest(digest), digest, channel, lifetime, root, keys);
        NewStatements().Renew(root, keys);
        return pointer;
    }

    public void PublishRoot(RootMetadata next, IReadOnlyList<SigningKey> keys)
    {
        using var held = Begin();
        var current = CurrentRoot();
        var payload = next.Encode();
        var signers = RoleVerifier
            .RequireHolders(current, MetadataRole.Root, keys, "root metadata, by the keys before it")
            .Concat(RoleVerifier.RequireHolders(next, MetadataRole.Root, keys, "root metadata, by its own keys"));
        var envelope = SignedEnvelope.Sign(MetadataRole.Root, payload, [.. signers]);
        WriteRoot(current, envelope, next);
    }

    public void PublishRoot(SignedEnvelope envelope)
    {
        using var held = Begin();
        WriteRoot(CurrentRoot(), envelope, RootMetadata.Decode(envelope.Payload));
    }

    private void WriteRoot(RootMetadata current, SignedEnvelope envelope, RootMetadata next)
    {
        RootChain.Verify(current, envelope, next);
        var bytes = envelope.Encode();
        _repository.Replace(RepositoryLayout.RootVersion(next.Version), bytes);
        _repository.Replace(RepositoryLayout.Root, bytes);
    }

    public ResignedFiles Resign(IReadOnlyList<SigningKey> keys)
    {
        using var held = Begin();
        var root = CurrentRoot();
        var (renewed, sound) = (0, 0);
        var missing = new List<string>();
        foreach (var product in _repository.ListDelegations())
            Take(RepositoryLayout.Delegation(product), MetadataRole.Delegation, ReleaseDelegation.MaxBytes);
        foreach (var digest in _repository.ListReleases())
            Take(RepositoryLayout.Manifest(digest), MetadataRole.Release, ReleaseManifest.MaxBytes);
        foreach (var path in RepositoryTree.ChannelFiles(_repository.Directory))
            Take(path, MetadataRole.Channel, ChannelPointer.MaxBytes);
        if (File.Exists(_repository.At(RepositoryLayout.Revoked)))
            Take(RepositoryLayout.Revoked, MetadataRole.Identity, RevocationList.MaxBytes);
        if (File.Exists(_repository.At(RepositoryLayout.Time)))
            Take(RepositoryLayout.Time, MetadataRole.Time, TimeStatement.MaxBytes);
        return new ResignedFiles(renewed, sound, missing);

        void Take(string path, MetadataRole role, int maxBytes)
        {
            var envelope = _repository.ReadEnvelope(path, maxBytes);
            var delegation = role == MetadataRole.Release ? _repository.ReadDelegation(ReleaseManifest.Decode(envelope.Payload).Product) : null;
            if (RoleVerifier.IsMet(root, role, envelope) || delegation?.IsMet(envelope) == true)
            {
                sound++;
                return;
            }
            var holders = root.HoldersOf(role)?.KeyIds ?? [];
            foreach (var key in keys.Where(key => holders.Contains(key.PublicKey.Id)))
                envelope = envelope.With(role, key);
            // those of keys that were taken away count for nothing any more
            envelope = envelope.OnlyBy(holders);
            if (!RoleVerifier.IsMet(root, role, envelope))
            {
                missing.Add(path);
                return;
            }
            var bytes = envelope.Encode();
            // the checksums first: cut short between the two, the manifest is signed, and both are written, by the next call
            if (role == MetadataRole.Release)
                RenewChecksums(envelope, bytes);
            _repository.Replace(path, bytes);
            renewed++;
        }
    }

    private void RenewChecksums(SignedEnvelope envelope, byte[] bytes)
    {
        var digest = Sha256Digest.HashData(envelope.Payload.Span);
        var sums = Checksums.Format(
            ReleaseManifest.Decode(envelope.Payload),
            Sha256Digest.HashData(bytes),
            Sha256Digest.HashData(File.ReadAllBytes(_repository.At(RepositoryLayout.Torrent(digest)))),
            Sha256Digest.HashData(File.ReadAllBytes(_repository.At(RepositoryLayout.ChunkMapTorrent(digest))))
        );
        _repository.Replace(RepositoryLayout.Checksums(digest), sums);
    }

    /// <summary>The SHA-256 of product, version and build: the same release always gets the same verity tree.</summary>
    internal static byte[] VeritySalt(string product, string version, long build) =>
        Sha256Digest
            .HashData(
                Encoding.ASCII.GetBytes(
                    string.Create(CultureInfo.InvariantCulture, $"stateless/verity-salt\0{product}\0{version}\0{build}\0")
                )
            )
            .ToArray();

    /// <summary>Excludes other publishers, and clears what one that was cut short has left.</summary>
    internal FileStream Begin()
    {
        var path = _repository.At(RepositoryLayout.Lock);
        FileStream held;
        try
        {
            held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
        }
        catch (IOException fault)
        {
            throw new IOException($"{_repository.Directory}: another publisher is at work: {fault.Message}", fault);
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new IOException($"{path}: no permission to write.", fault);
        }
        try
        {
            ClearStaging(isLastWord: false);
            _files.EnsureDirectory(_repository.At(RepositoryLayout.Staging));
            _files.EnsureDirectory(_repository.At(RepositoryLayout.Releases));
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    internal void ClearStaging(bool isLastWord)
    {
        var staging = _repository.At(RepositoryLayout.Staging);
        if (!Directory.Exists(staging))
            return;
        try
        {
            _files.DeleteDirectory(staging);
        }
        catch (IOException) when (isLastWord)
        {
            // The next publisher clears it; the fault that brought us here, if any, matters more.
        }
    }

    /// <summary>The newest root metadata; finishes a rotation that was cut between its two files.</summary>
    internal RootMetadata CurrentRoot()
    {
        var root = _repository.ReadRoot();
        while (File.Exists(_repository.At(RepositoryLayout.RootVersion(root.Version + 1))))
        {
            var path = RepositoryLayout.RootVersion(root.Version + 1);
            var envelope = _repository.ReadEnvelope(path, RootMetadata.MaxBytes);
            var next = RootMetadata.Decode(envelope.Payload);
            RootChain.Verify(root, envelope, next);
            _repository.Replace(RepositoryLayout.Root, envelope.Encode());
            root = next;
        }
        return root;
    }

    private long NextBuild(PublishRequest request)
    {
        var highest = 0L;
        foreach (var digest in _repository.ListReleases())
        {
            var manifest = _repository.ReadManifest(digest);
            if (manifest.Product != request.Product)
                continue;
            if (manifest.Version == request.Version)
            {
                throw new IOException(
                    $"{request.Product} {request.Version} is published already, build {manifest.Build}, release {digest};"
                        + " a version is never used twice."
                );
            }
            highest = Math.Max(highest, manifest.Build);
        }
        foreach (var pointer in _repository.ListChannels().Where(pointer => pointer.Product == request.Product))
            highest = Math.Max(highest, pointer.Build);
        foreach (var pruned in _repository.ReadNotes().Pruned.Where(pruned => pruned.Product == request.Product))
        {
            if (pruned.Version == request.Version)
            {
                throw new IOException(
                    $"{request.Product} {request.Version} was published as build {pruned.Build}, and pruned; a version is never used twice."
                );
            }
            highest = Math.Max(highest, pruned.Build);
        }
        if (request.Build is not { } build)
            return highest + 1;
        return build > highest
            ? build
            : throw new TrustException(
                TrustFault.Rollback,
                $"{request.Product} {request.Version}: build {build} is not above {highest}, the highest of the product."
            );
    }

    /// <summary>Those of the keys that make a manifest of the product believed: of the release role, or of its delegation.</summary>
    private IReadOnlyList<SigningKey> RequireReleaseKeys(RootMetadata root, string product, IReadOnlyList<SigningKey> keys, string what)
    {
        if (_repository.ReadDelegation(product) is { } delegation && Now() < delegation.ExpiresUnixSeconds)
        {
            SigningKey[] able = [.. keys.DistinctBy(key => key.PublicKey.Id).Where(key => delegation.Keys.Any(holder => holder.Id == key.PublicKey.Id))];
            if (delegation.Keys.Count > 0 && able.Length >= delegation.Threshold)
                return able;
        }
        return RoleVerifier.RequireHolders(root, MetadataRole.Release, keys, what);
    }

    private Sha256Digest WriteMetadata(
        IntakenRelease intaken,
        RootMetadata root,
        IReadOnlyList<SigningKey> keys
    )
    {
        var manifest = intaken.Manifest;
        var payload = manifest.Encode();
        var what = $"{manifest.Product} {manifest.Version}";
        var envelope = SignedEnvelope.Sign(MetadataRole.Release, payload, RequireReleaseKeys(root, manifest.Product, keys, what)).Encode();
        var staged = _repository.At(StagedRelease);
        _files.WriteNew(Path.Combine(staged, RepositoryLayout.TorrentName), intaken.Torrent);
        _files.WriteNew(Path.Combine(staged, ReleaseChunkMap.FileName), intaken.ChunkMap);
        _files.WriteNew(Path.Combine(staged, RepositoryLayout.ChunkMapTorrentName), intaken.ChunkMapTorrent);
        _files.WriteNew(
            Path.Combine(staged, RepositoryLayout.ChecksumsName),
            Checksums.Format(
                manifest,
                Sha256Digest.HashData(envelope),
                Sha256Digest.HashData(intaken.Torrent),
                Sha256Digest.HashData(intaken.ChunkMapTorrent)
            )
        );
        _files.WriteNew(Path.Combine(staged, RepositoryLayout.ManifestName), envelope);
        _files.SyncDirectory(staged);
        return Sha256Digest.HashData(payload);
    }

    private ChannelPointer WritePointer(
        ReleaseManifest manifest,
        Sha256Digest digest,
        string channel,
        TimeSpan lifetime,
        RootMetadata root,
        IReadOnlyList<SigningKey> keys
    )
    {
        var what = $"channel {manifest.Product}/{channel}";
        var path = RepositoryLayout.Channel(manifest.Product, channel);
        var serial = 1L;
        if (File.Exists(_repository.At(path)))
        {
            var before = ChannelPointer.Decode(_repository.ReadEnvelope(path, ChannelPointer.MaxBytes).Payload);
            if (before.Build > manifest.Build)
            {
                throw new TrustException(
                    TrustFault.Rollback,
                    $"{what}: is at build {before.Build}; nodes would refuse build {manifest.Build}."
                );
            }
            serial = before.Serial + 1;
        }
        var pointer = new ChannelPointer
        {
            Product = manifest.Product,
            Channel = channel,
            Serial = serial,
            IssuedUnixSeconds = Now(),
            ExpiresUnixSeconds = Now() + (long)lifetime.TotalSeconds,
            Release = digest,
            Build = manifest.Build,
            Version = manifest.Version,
        };
        var envelope = Repository.SignAs(root, MetadataRole.Channel, pointer.Encode(), keys, what);
        _files.EnsureDirectory(Path.GetDirectoryName(_repository.At(path))!);
        _repository.Replace(path, envelope.Encode());
        return pointer;
    }

    private RepositoryStatements NewStatements() => new(_repository, this, _time);

    private long Now() => _time.GetUtcNow().ToUnixTimeSeconds();
}
