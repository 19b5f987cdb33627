using System.Security.Cryptography;
using System.Text;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Durability;
using StatelessSwarm.Trust.Identities;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Roles;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>
/// A repository on disk. A publish writes the payload first, fsyncs, renames the release directory into place and moves the
/// channel pointer last, so that a reader sees the old or the new state; publishers exclude each other by a lock file.
/// </summary>
/// <remarks>
/// <see cref="RepositoryLayout"/> says where things are. Beside them a publisher keeps <c>.lock</c> (empty, held by flock) and
/// <c>.staging</c> (what is not published yet; cleared by the next publisher). Reading needs neither. <c>.notes.mp</c> holds what only the
/// publisher needs to know (<see cref="RepositoryNotes"/>).
/// </remarks>
public sealed partial class Repository
{
    /// <summary>How long the root metadata of a new repository is believed: 365 days.</summary>
    public static readonly TimeSpan RootLifetime = TimeSpan.FromDays(365);

    private readonly TimeProvider _time;
    private readonly DurableFiles _files;

    private Repository(string directory, TimeProvider time, DurableFiles files)
    {
        Directory = directory;
        _time = time;
        _files = files;
    }

    /// <summary>The directory.</summary>
    public string Directory { get; }

    /// <summary>Makes a new repository whose roles (root, release, channel) are all held by <paramref name="keys"/>, threshold 1.</summary>
    /// <exception cref="IOException">The directory is not empty, or cannot be written.</exception>
    public static Repository Init(string directory, IReadOnlyList<SigningKey> keys, TimeProvider time)
    {
        var root = RootMetadata.SameKeys(1, keys.Select(key => key.PublicKey), 1, time.GetUtcNow(), RootLifetime);
        return Init(directory, root, keys, time, DurableFiles.Default);
    }

    /// <summary>Makes a new repository with roles of one's own choosing.</summary>
    /// <param name="directory">Missing or empty.</param>
    /// <param name="root">Root metadata, version 1.</param>
    /// <param name="keys">At least a threshold of its root keys.</param>
    /// <param name="time">Clock for what is published later.</param>
    /// <exception cref="IOException">The directory is not empty, or cannot be written.</exception>
    /// <exception cref="TrustException">The root metadata is malformed, not version 1, or too few of its keys are given.</exception>
    public static Repository Init(string directory, RootMetadata root, IReadOnlyList<SigningKey> keys, TimeProvider time) =>
        Init(directory, root, keys, time, DurableFiles.Default);

    /// <summary>Makes a new repository from root metadata that was signed elsewhere.</summary>
    /// <param name="directory">Missing or empty.</param>
    /// <param name="envelope">Version 1, signed by a threshold of its root keys.</param>
    /// <param name="time">Clock for what is published later.</param>
    /// <exception cref="IOException">The directory is not empty, or cannot be written.</exception>
    /// <exception cref="TrustException">The root metadata is malformed, not version 1, or too few have signed.</exception>
    public static Repository Init(string directory, SignedEnvelope envelope, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        var root = RootMetadata.Decode(envelope.Payload);
        RoleVerifier.Verify(root, MetadataRole.Root, envelope, "root metadata");
        return Init(directory, root, envelope, time, DurableFiles.Default);
    }

    internal static Repository Init(
        string directory,
        RootMetadata root,
        IReadOnlyList<SigningKey> keys,
        TimeProvider time,
        DurableFiles files
    ) => Init(directory, root, SignAs(root, MetadataRole.Root, root.Encode(), keys, "root metadata"), time, files);

    private static Repository Init(string directory, RootMetadata root, SignedEnvelope envelope, TimeProvider time, DurableFiles files)
    {
        if (root.Version != 1)
            throw new TrustException(TrustFault.BrokenRootChain, $"root metadata: expected version 1, not {root.Version}.");
        directory = Path.GetFullPath(directory);
        if (System.IO.Directory.Exists(directory) && System.IO.Directory.EnumerateFileSystemEntries(directory).Any())
            throw new IOException($"{directory}: not empty; a repository starts in an empty directory.");
        var repository = new Repository(directory, time, files);
        files.EnsureDirectory(repository.At(RepositoryLayout.Releases));
        files.EnsureDirectory(Path.GetDirectoryName(repository.At(RepositoryLayout.Root))!);
        files.EnsureDirectory(repository.At(RepositoryLayout.Staging));
        repository.Replace(RepositoryLayout.RootVersion(1), envelope.Encode());
        repository.Replace(RepositoryLayout.Root, envelope.Encode());
        return repository;
    }

    /// <summary>Opens an existing repository.</summary>
    /// <exception cref="IOException">There is none; names the directory.</exception>
    public static Repository Open(string directory, TimeProvider time) => Open(directory, time, DurableFiles.Default);

    internal static Repository Open(string directory, TimeProvider time, DurableFiles files)
    {
        var repository = new Repository(Path.GetFullPath(directory), time, files);
        if (!File.Exists(repository.At(RepositoryLayout.Root)))
            throw new IOException($"{repository.Directory}: no repository here: {RepositoryLayout.Root} is missing.");
        return repository;
    }

    /// <summary>The newest root metadata, decoded without checking the chain to it.</summary>
    /// <exception cref="TrustException">Malformed.</exception>
    public RootMetadata ReadRoot() =>
        RootMetadata.Decode(ReadEnvelope(RepositoryLayout.Root, RootMetadata.MaxBytes).Payload);

    /// <summary>The revocation list, decoded without checking its signatures; null while there is none.</summary>
    /// <exception cref="TrustException">Malformed.</exception>
    public RevocationList? ReadRevocations() =>
        File.Exists(At(RepositoryLayout.Revoked)) ? RevocationList.Decode(ReadEnvelope(RepositoryLayout.Revoked, RevocationList.MaxBytes).Payload) : null;

    /// <summary>Products with a delegation, ascending.</summary>
    public IReadOnlyList<string> ListDelegations() =>
        System.IO.Directory.Exists(At(RepositoryLayout.Delegations))
            ?
            [
                .. System
                    .IO.Directory.EnumerateFiles(At(RepositoryLayout.Delegations), "*.mp")
                    .Select(path => Path.GetFileNameWithoutExtension(path)!)
                    .Where(ManifestText.IsName)
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    /// <summary>The delegation of a product, decoded without checking its signatures; null while there is none.</summary>
    /// <exception cref="TrustException">Malformed.</exception>
    public ReleaseDelegation? ReadDelegation(string product)
    {
        Names.RequireProduct(product);
        var path = RepositoryLayout.Delegation(product);
        return File.Exists(At(path)) ? ReleaseDelegation.Decode(ReadEnvelope(path, ReleaseDelegation.MaxBytes).Payload) : null;
    }

    /// <summary>Lets others sign the releases of a product, in the place of those who might before; nobody for no keys.</summary>
    /// <param name="product">The product.</param>
    /// <param name="holders">Their keys.</param>
    /// <param name="threshold">How many must agree; 0 without keys.</param>
    /// <param name="lifetime">How long it is believed for what is new.</param>
    /// <param name="keys">Keys of the release role.</param>
    /// <exception cref="TrustException">Too few of the keys hold the release role, or the threshold does not fit.</exception>
    /// <exception cref="IOException">Another publisher is at work.</exception>
    public ReleaseDelegation Delegate(string product, IReadOnlyList<PublicKey> holders, int threshold, TimeSpan lifetime, IReadOnlyList<SigningKey> keys) =>
        NewStatements().Delegate(product, holders, threshold, lifetime, keys);

    /// <summary>The time statement, decoded without checking its signatures; null while there is none.</summary>
    /// <exception cref="TrustException">Malformed.</exception>
    public TimeStatement? ReadTime() =>
        File.Exists(At(RepositoryLayout.Time)) ? TimeStatement.Decode(ReadEnvelope(RepositoryLayout.Time, TimeStatement.MaxBytes).Payload) : null;

    /// <summary>
    /// Keys that are out of closed swarms, when enough keys of the newest root metadata have signed the list; none while there is no list.
    /// </summary>
    /// <exception cref="TrustException">Malformed, or too few signatures.</exception>
    public IReadOnlySet<Sha256Digest> ReadRevokedKeys()
    {
        if (!File.Exists(At(RepositoryLayout.Revoked)))
            return new HashSet<Sha256Digest>();
        var envelope = ReadEnvelope(RepositoryLayout.Revoked, RevocationList.MaxBytes);
        RoleVerifier.Verify(ReadRoot(), MetadataRole.Identity, envelope, "revocation list");
        return RevocationList.Decode(envelope.Payload).Keys.ToHashSet();
    }

    /// <summary>Certificate in PEM of the authority whose members alone take part in what is published; null for open swarms.</summary>
    /// <exception cref="IOException">Cannot be read; names the path.</exception>
    public string? ReadAuthority() =>
        File.Exists(At(RepositoryLayout.Authority))
            ? Encoding.ASCII.GetString(BoundedFile.Read(At(RepositoryLayout.Authority), RepositoryLayout.Authority, TorrentInfo.MaxAuthorityLength))
            : null;

    /// <summary>Closes what is published from now on to all but members of an authority, or with null opens it. Releases that are there stay as they are.</summary>
    /// <param name="certificate">DER.</param>
    /// <exception cref="IOException">Another publisher is at work, or the file cannot be written.</exception>
    public void SetAuthority(ReadOnlyMemory<byte>? certificate)
    {
        var publisher = new Publisher(this, _time, _files);
        using var held = publisher.Begin();
        if (certificate is { } der)
            Replace(RepositoryLayout.Authority, Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE", der.Span) + "\n"));
        else
            File.Delete(At(RepositoryLayout.Authority));
        publisher.ClearStaging(isLastWord: true);
    }

    /// <summary>Puts keys out of closed swarms, or takes them back in: the next version of the list.</summary>
    /// <exception cref="TrustException">Too few of the keys hold the identity role (or, without one, the channel role).</exception>
    /// <exception cref="IOException">Another publisher is at work.</exception>
    public RevocationList Revoke(IEnumerable<Sha256Digest> added, IEnumerable<Sha256Digest> removed, IReadOnlyList<SigningKey> keys) =>
        NewStatements().Revoke(added, removed, keys);

    /// <summary>Says what is current, for a time: nodes whose root metadata has a time role believe no channel without it.</summary>
    /// <exception cref="TrustException">Too few of the keys hold the time role.</exception>
    /// <exception cref="IOException">Another publisher is at work.</exception>
    public TimeStatement SignTime(TimeSpan lifetime, IReadOnlyList<SigningKey> keys) => NewStatements().SignTime(lifetime, keys);

    private RepositoryStatements NewStatements() => new(this, new Publisher(this, _time, _files), _time);

    /// <summary>Digests of all complete releases.</summary>
    public IReadOnlyList<Sha256Digest> ListReleases()
    {
        var releases = At(RepositoryLayout.Releases);
        if (!System.IO.Directory.Exists(releases))
            return [];
        var digests = new List<Sha256Digest>();
        foreach (var path in System.IO.Directory.EnumerateDirectories(releases))
        {
            if (
                Sha256Digest.TryParseHex(Path.GetFileName(path), out var digest)
                && File.Exists(At(RepositoryLayout.Manifest(digest)))
            )
                digests.Add(digest);
        }
        digests.Sort();
        return digests;
    }

    /// <summary>Signed manifest of a release, decoded without checking its signatures.</summary>
    /// <exception cref="TrustException">The envelope is malformed.</exception>
    /// <exception cref="ContentException">The manifest is malformed.</exception>
    /// <exception cref="IOException">Cannot be read; names the path.</exception>
    public ReleaseManifest ReadManifest(Sha256Digest digest) =>
        ReleaseManifest.Decode(ReadEnvelope(RepositoryLayout.Manifest(digest), ReleaseManifest.MaxBytes).Payload);

    /// <summary>All channel pointers, decoded without checking their signatures.</summary>
    /// <remarks>Ordered by product, then channel.</remarks>
    /// <exception cref="TrustException">An envelope is malformed.</exception>
    /// <exception cref="ContentException">A pointer is malformed.</exception>
    public IReadOnlyList<ChannelPointer> ListChannels()
    {
        var pointers = new List<ChannelPointer>();
        foreach (var path in RepositoryTree.ChannelFiles(Directory))
            pointers.Add(ChannelPointer.Decode(ReadEnvelope(path, ChannelPointer.MaxBytes).Payload));
        return pointers;
    }

    /// <summary>Publishes a release. <paramref name="progress"/> is told bytes done of the request's total input, or null.</summary>
    /// <remarks>
    /// Equal input, clock and build number give equal bytes: the dm-verity salt is the SHA-256 of
    /// <c>stateless/verity-salt</c>, product, version and build (decimal), each ended by one NUL.
    /// </remarks>
    /// <exception cref="TrustException">Too few keys of the release or channel role, or a build that is not the highest.</exception>
    /// <exception cref="ContentException">The image is of no known format, or a source file changed meanwhile.</exception>
    /// <exception cref="IOException">The version is published already, another publisher is at work, or the disk refuses.</exception>
    public Task<PublishedRelease> PublishAsync(
        PublishRequest request,
        IReadOnlyList<SigningKey> keys,
        IProgress<long>? progress,
        CancellationToken cancellation
    ) => new Publisher(this, _time, _files).PublishAsync(request, keys, progress, cancellation);

    /// <summary>Points a channel at a release that is there: the next serial, a new expiry. Also the way to renew a pointer.</summary>
    /// <param name="digest">The release.</param>
    /// <param name="channel">The channel, of the release's product.</param>
    /// <param name="lifetime">How long the pointer is believed.</param>
    /// <param name="keys">At least a threshold of the channel keys.</param>
    /// <exception cref="TrustException">Too few keys, or the channel is at a higher build already: readers would refuse.</exception>
    /// <exception cref="IOException">No such release, or another publisher is at work.</exception>
    public ChannelPointer PointChannel(
        Sha256Digest digest,
        string channel,
        TimeSpan lifetime,
        IReadOnlyList<SigningKey> keys
    ) => new Publisher(this, _time, _files).PointChannel(digest, channel, lifetime, keys);

    /// <summary>Publishes the root metadata that follows the newest: new keys, thresholds or a new expiry.</summary>
    /// <remarks>Does not sign releases and channels again: while a release key is taken away, older releases stop verifying.</remarks>
    /// <param name="next">Version one above the newest.</param>
    /// <param name="keys">A threshold of the root keys of both versions.</param>
    /// <exception cref="TrustException">It does not follow, or too few keys are given.</exception>
    /// <exception cref="IOException">Another publisher is at work, or the disk refuses.</exception>
    public void PublishRoot(RootMetadata next, IReadOnlyList<SigningKey> keys) =>
        new Publisher(this, _time, _files).PublishRoot(next, keys);

    /// <summary>Publishes root metadata that was signed elsewhere.</summary>
    /// <param name="envelope">Version one above the newest, with enough signatures by the root keys of both.</param>
    /// <exception cref="TrustException">It is malformed, does not follow, or too few have signed.</exception>
    /// <exception cref="IOException">Another publisher is at work, or the disk refuses.</exception>
    public void PublishRoot(SignedEnvelope envelope) => new Publisher(this, _time, _files).PublishRoot(envelope);

    /// <summary>
    /// Signs manifests and channel pointers again that the newest root metadata does not believe any more: after a key was taken away. Their
    /// bytes stay, and with them the releases' digests.
    /// </summary>
    /// <param name="keys">Keys of the release and channel roles.</param>
    /// <exception cref="TrustException">A file is malformed.</exception>
    /// <exception cref="IOException">Another publisher is at work, or the disk refuses; files signed before it stay signed.</exception>
    public ResignedFiles Resign(IReadOnlyList<SigningKey> keys) => new Publisher(this, _time, _files).Resign(keys);

    /// <summary>The publisher's notes; empty ones when there are none.</summary>
    /// <exception cref="ContentException">They are malformed.</exception>
    public RepositoryNotes ReadNotes() =>
        File.Exists(At(RepositoryLayout.Notes))
            ? RepositoryNotes.Decode(BoundedFile.Read(At(RepositoryLayout.Notes), RepositoryLayout.Notes, RepositoryNotes.MaxBytes))
            : new RepositoryNotes();

    /// <summary>What pruning would delete.</summary>
    /// <param name="keep">Newest releases of each product that stay, withdrawn ones not counted; at least 1.</param>
    public PrunePlan PlanPrune(int keep) => NewUpkeep().Plan(keep);

    /// <summary>
    /// Deletes releases that no channel points at, nobody pinned and that are not among the newest. Their versions and builds stay used up.
    /// </summary>
    /// <param name="keep">Newest releases of each product that stay, withdrawn ones not counted; at least 1.</param>
    /// <exception cref="IOException">Another publisher is at work, or the disk refuses.</exception>
    public PrunePlan Prune(int keep) => NewUpkeep().Prune(keep);

    /// <summary>Keeps a release from being pruned, or does so no more.</summary>
    /// <returns>False when nothing changed.</returns>
    /// <exception cref="IOException">No such release, or another publisher is at work.</exception>
    public bool Pin(Sha256Digest release, bool isPinned) => NewUpkeep().Pin(release, isPinned);

    /// <summary>Marks a release as one that no channel may be pointed at any more.</summary>
    /// <exception cref="IOException">No such release, a channel points at it, it is withdrawn already, or another publisher is at work.</exception>
    /// <exception cref="TrustException">The reason is empty, too long, or more than a line.</exception>
    public void Withdraw(Sha256Digest release, string reason) => NewUpkeep().Withdraw(release, reason);

    private RepositoryUpkeep NewUpkeep() => new(this, new Publisher(this, _time, _files), _files, _time);

    /// <exception cref="IOException">More entries than notes may have: they could not be read again.</exception>
    internal void WriteNotes(RepositoryNotes notes)
    {
        var most = Math.Max(notes.Pinned.Count, Math.Max(notes.Withdrawn.Count, notes.Pruned.Count));
        var bytes = notes.Encode();
        if (most > RepositoryNotes.MaxEntries || bytes.Length > RepositoryNotes.MaxBytes)
        {
            throw new IOException(
                $"{At(RepositoryLayout.Notes)}: {most} entries, {bytes.Length} bytes: expected at most {RepositoryNotes.MaxEntries} and {RepositoryNotes.MaxBytes}."
            );
        }
        Replace(RepositoryLayout.Notes, bytes);
    }

    /// <summary>Verifies all of it: signatures, digests, torrents, every payload byte. Empty means sound.</summary>
    /// <remarks>Reads every byte once. Does not lock: a release published meanwhile may be missed.</remarks>
    public Task<IReadOnlyList<RepositoryProblem>> CheckAsync(IProgress<long>? progress, CancellationToken cancellation) =>
        new RepositoryCheck(this, _time, readsPayload: true, progress, cancellation).RunAsync();

    /// <summary>As <see cref="CheckAsync"/>, but a payload file only has to be there, with its length and format.</summary>
    public Task<IReadOnlyList<RepositoryProblem>> CheckWithoutPayloadAsync(CancellationToken cancellation) =>
        new RepositoryCheck(this, _time, readsPayload: false, progress: null, cancellation).RunAsync();

    /// <summary>The absolute path of a relative one of <see cref="RepositoryLayout"/>.</summary>
    internal string At(string relative) => Path.Combine(Directory, relative);

    internal SignedEnvelope ReadEnvelope(string relative, int maxPayloadBytes)
    {
        var bytes = BoundedFile.Read(At(relative), relative, SignedEnvelope.MaxBytes(maxPayloadBytes));
        try
        {
            return SignedEnvelope.Decode(bytes, maxPayloadBytes);
        }
        catch (TrustException fault)
        {
            throw new TrustException(fault.Fault, $"{relative}: {fault.Message}", fault);
        }
    }

    /// <summary>Puts a small file in place by rename; needs the staging directory.</summary>
    internal void Replace(string relative, ReadOnlySpan<byte> bytes)
    {
        var temporary = At($"{RepositoryLayout.Staging}/{Path.GetFileName(relative)}.new");
        File.Delete(temporary);
        _files.Replace(At(relative), temporary, bytes);
    }

    /// <summary>Signs with those of <paramref name="keys"/> that hold the role; refuses when they are too few.</summary>
    internal static SignedEnvelope SignAs(
        RootMetadata root,
        MetadataRole role,
        ReadOnlyMemory<byte> payload,
        IReadOnlyList<SigningKey> keys,
        string what
    )
    {
        var holders = RoleVerifier.RequireHolders(root, role, keys, what);
        var envelope = SignedEnvelope.Sign(role, payload, holders);
        RoleVerifier.Verify(root, role, envelope, what);
        return envelope;
    }
}
