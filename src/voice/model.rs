//! Which model: one inside the program by its name, or one in a folder.
//!
//! A model is four files that belong together. Whoever needs one comes here, so that the service and the measurements
//! never mean two things by one name.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::ecosystem_golden::EcosystemGolden;
use super::{Calibration, Embedder, ModelId, SpoofModel, VoiceError, embedder};

/// What a recogniser needs: the network with its golden clips and its normalisation, and what its scores mean.
pub struct Model {
    pub embedder: Embedder,
    pub calibration: Calibration,
}

/// Where a model is. Its files are read when they are asked for.
#[derive(Clone, Debug)]
pub struct ModelSource(Place);

#[derive(Clone, Debug)]
enum Place {
    Inside(&'static Inside),
    Folder(PathBuf),
}

/// A model inside the program; models/NAME/MODEL.md says where it comes from.
struct Inside {
    name: &'static str,
    network: &'static [u8],
    golden: &'static [u8],
    wccn: &'static [u8],
    calibration: &'static [u8],
}

macro_rules! inside {
    ($name:literal) => {
        Inside {
            name: $name,
            network: include_bytes!(concat!("../../models/", $name, "/model.onnx")),
            golden: include_bytes!(concat!("../../models/", $name, "/model.golden.json")),
            wccn: include_bytes!(concat!("../../models/", $name, "/model.wccn")),
            calibration: include_bytes!(concat!("../../models/", $name, "/model.calibration.toml")),
        }
    };
}

/// The first is the default, which src/config/defaults.toml names.
static INSIDE: &[Inside] = &[inside!("ge2e-telephone"), inside!("ge2e")];

#[derive(Clone, Copy)]
enum File {
    Network,
    Golden,
    Wccn,
    Calibration,
}

impl Default for ModelSource {
    /// The model that is used when no other is named.
    fn default() -> Self {
        Self(Place::Inside(&INSIDE[0]))
    }
}

impl ModelSource {
    /// A name inside the program, else one of a folder in `models`, else the path of a folder.
    pub fn find(text: &str, models: &Path) -> Result<Self, VoiceError> {
        let named = Path::new(text).components().count() == 1 && !text.starts_with('.');
        let inside = INSIDE.iter().any(|inside| inside.name == text);
        if named && !inside && models.join(text).is_dir() {
            return Ok(Self(Place::Folder(models.join(text))));
        }
        text.parse()
    }

    /// Every model inside the program, the default first.
    pub fn inside() -> impl Iterator<Item = Self> {
        INSIDE.iter().map(|inside| Self(Place::Inside(inside)))
    }

    /// The folder that it is in, unless it is inside the program.
    pub fn folder(&self) -> Option<&Path> {
        match &self.0 {
            Place::Inside(_) => None,
            Place::Folder(folder) => Some(folder),
        }
    }

    /// What to write for it in a setting.
    pub fn name(&self) -> Cow<'_, str> {
        match &self.0 {
            Place::Inside(inside) => inside.name.into(),
            Place::Folder(folder) => folder.to_string_lossy(),
        }
    }

    /// Everything, each part checked against the others.
    pub fn load(&self) -> Result<Model, VoiceError> {
        let embedder = self.embedder()?;
        let calibration = self.calibration(embedder.model())?;
        Ok(Model { embedder, calibration })
    }

    /// The network with its golden clips: all that there is until a normalisation has been fitted.
    pub fn network(&self) -> Result<Embedder, VoiceError> {
        Embedder::from_bytes(&self.read(File::Network)?, &self.golden()?)
    }

    /// The network with its normalisation: all that there is until a calibration has been fitted.
    pub fn embedder(&self) -> Result<Embedder, VoiceError> {
        let network = self.network()?;
        match self.wccn(network.description().is_some())? {
            Some(wccn) => network.with_wccn(&wccn),
            None => Ok(network),
        }
    }

    /// Its network as an anti-spoofing model. It needs no other file: nothing that it gives is kept and compared later.
    pub fn spoof(&self) -> Result<SpoofModel, VoiceError> {
        let name = self.folder().and_then(Path::file_name).map_or_else(|| self.name(), |name| name.to_string_lossy());
        self.read(File::Network).and_then(|model| SpoofModel::from_bytes(&name, &model)).map_err(|error| {
            let reason = match error {
                VoiceError::Unusable(reason) => reason,
                other => other.to_string(),
            };
            VoiceError::NoSpoofModel { model: self.to_string(), reason }
        })
    }

    /// Whether its network calls itself an anti-spoofing model.
    pub fn is_spoof(&self) -> bool {
        self.read(File::Network).is_ok_and(|model| SpoofModel::is_one(&model))
    }

    /// Refused when it is that of another model.
    pub fn calibration(&self, model: &ModelId) -> Result<Calibration, VoiceError> {
        let calibration = Calibration::parse(&String::from_utf8_lossy(&self.read(File::Calibration)?))?;
        calibration.must_be_for(model)?;
        Ok(calibration)
    }

    /// The id of what [`Self::embedder`] gives, without loading anything: by it one knows whose a stored voiceprint is.
    pub fn id(&self) -> Result<ModelId, VoiceError> {
        let golden = self.golden()?;
        let wccn = self.wccn(EcosystemGolden::recognise(&golden).is_some())?;
        Ok(embedder::model_id(&self.read(File::Network)?, &golden, wccn.as_deref()))
    }

    /// A published model may go without.
    fn wccn(&self, may_lack: bool) -> Result<Option<Cow<'static, [u8]>>, VoiceError> {
        match &self.0 {
            Place::Folder(folder) if may_lack && !folder.join(File::Wccn.name()).exists() => Ok(None),
            _ => self.read(File::Wccn).map(Some),
        }
    }

    pub(super) fn golden(&self) -> Result<Cow<'static, [u8]>, VoiceError> {
        self.read(File::Golden).map_err(|error| match error {
            VoiceError::Read { path, reason } => {
                let reason = format!("{reason}. For a published model `regulars models check` makes it");
                VoiceError::Read { path, reason }
            }
            other => other,
        })
    }

    fn read(&self, file: File) -> Result<Cow<'static, [u8]>, VoiceError> {
        match &self.0 {
            Place::Inside(inside) => Ok(Cow::Borrowed(inside.file(file))),
            Place::Folder(folder) => read(&folder.join(file.name())).map(Cow::Owned),
        }
    }
}

/// A name inside the program, else the path of a folder.
impl FromStr for ModelSource {
    type Err = VoiceError;

    fn from_str(text: &str) -> Result<Self, VoiceError> {
        if let Some(inside) = INSIDE.iter().find(|inside| inside.name == text) {
            return Ok(Self(Place::Inside(inside)));
        }
        if !text.is_empty() && Path::new(text).is_dir() {
            return Ok(Self(Place::Folder(text.into())));
        }
        let names: Vec<&str> = INSIDE.iter().map(|inside| inside.name).collect();
        Err(VoiceError::UnknownModel { asked: text.to_owned(), inside: names.join(", ") })
    }
}

/// The name and where it comes from, for people.
impl fmt::Display for ModelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Inside(inside) => write!(f, "{}, inside the program", inside.name),
            Place::Folder(folder) => write!(f, "the folder {}", folder.display()),
        }
    }
}

impl Inside {
    fn file(&self, file: File) -> &'static [u8] {
        match file {
            File::Network => self.network,
            File::Golden => self.golden,
            File::Wccn => self.wccn,
            File::Calibration => self.calibration,
        }
    }
}

impl fmt::Debug for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl File {
    fn name(self) -> &'static str {
        match self {
            File::Network => "model.onnx",
            File::Golden => "model.golden.json",
            File::Wccn => "model.wccn",
            File::Calibration => "model.calibration.toml",
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, VoiceError> {
    std::fs::read(path)
        .map_err(|error| VoiceError::Read { path: path.display().to_string(), reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> ModelSource {
        text.parse().unwrap()
    }

    #[test]
    fn every_model_inside_the_program_loads_and_has_the_id_that_its_files_have() {
        let mut ids = Vec::new();
        for source in ModelSource::inside() {
            let model = source.load().unwrap();
            assert_eq!(model.embedder.model(), &source.id().unwrap(), "{source}");
            ids.push(source.id().unwrap());
        }
        ids.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        ids.dedup();
        assert_eq!(ids.len(), INSIDE.len(), "no two are the same");
    }

    #[test]
    fn a_folder_with_the_same_files_is_the_same_model() {
        let folder = format!("{}/models/ge2e", env!("CARGO_MANIFEST_DIR"));
        let (inside, outside) = (source("ge2e"), source(&folder));
        assert_eq!(inside.id().unwrap(), outside.load().unwrap().embedder.model().clone());
        assert_eq!((inside.name().as_ref(), outside.name().as_ref()), ("ge2e", folder.as_str()));
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones_and_with_what_a_folder_holds() {
        for asked in ["ge2f", "", "nowhere/ge2e"] {
            let sentence = asked.parse::<ModelSource>().unwrap_err().to_string();
            for inside in ModelSource::inside() {
                assert!(sentence.contains(inside.name().as_ref()), "{sentence}");
            }
            for file in [File::Network, File::Golden, File::Wccn, File::Calibration] {
                assert!(sentence.contains(file.name()), "{sentence}");
            }
        }
    }

    #[test]
    fn a_file_that_a_folder_lacks_is_named_and_what_does_not_need_it_still_works() {
        let folder = tempfile::tempdir().unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/ge2e");
        let source = source(folder.path().to_str().unwrap());
        let missing = |error: Option<VoiceError>, file: File| {
            let sentence = error.unwrap().to_string();
            assert!(sentence.contains(&folder.path().join(file.name()).display().to_string()), "{sentence}");
        };
        missing(source.network().err(), File::Network);
        for file in [File::Network, File::Golden] {
            std::fs::copy(from.join(file.name()), folder.path().join(file.name())).unwrap();
        }
        assert!(source.network().is_ok());
        missing(source.embedder().err(), File::Wccn);
        std::fs::copy(from.join(File::Wccn.name()), folder.path().join(File::Wccn.name())).unwrap();
        assert!(source.embedder().is_ok());
        missing(source.load().err(), File::Calibration);
    }
}
