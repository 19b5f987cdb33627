using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Slots;
using StatelessSwarm.Trust.Signing;

// The victim of the kill -9 test: STATE SAMPLES SEED. It stages, commits, offers, activates, rolls back and collects the
// releases whose envelopes and images lie in SAMPLES/<n>/, in an order the seed gives, until it is killed. One line on
// standard output per finished round.
var random = new Random(int.Parse(args[2], System.Globalization.CultureInfo.InvariantCulture));
var samples = Directory.GetDirectories(args[1]).Order(StringComparer.Ordinal).ToArray();
var store = ReleaseStore.Open(args[0]);
var slots = RootSlots.Open(store);
for (var round = 0; ; round++)
{
    var sample = samples[random.Next(samples.Length)];
    var envelope = await File.ReadAllBytesAsync(Path.Combine(sample, "manifest.mp"));
    var payload = SignedEnvelope.Decode(envelope, ReleaseManifest.MaxBytes).Payload;
    var manifest = ReleaseManifest.Decode(payload);
    var release = store.Stage(Sha256Digest.HashData(payload.Span), manifest, envelope, new byte[] { 1, 2, 3 });
    if (release.IsStaged)
    {
        foreach (var file in manifest.Files)
        {
            using var target = File.OpenHandle(release.PathOf(file), FileMode.Open, FileAccess.Write);
            RandomAccess.Write(target, await File.ReadAllBytesAsync(Path.Combine(sample, file.Name)), 0);
        }
        release = await store.CommitAsync(release, null, CancellationToken.None);
    }
    slots.SetNext(release);
    if (slots.Read().Next is not null)
        slots.Activate();
    if (random.Next(3) == 0 && slots.Read().Previous is not null)
        slots.RollBack();
    if (random.Next(4) == 0)
        store.Collect(new HashSet<Sha256Digest>());
    Console.Out.WriteLine(round);
}
